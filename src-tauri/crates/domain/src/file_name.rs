//! Names of files that someone else chose.

/// Bytes of a name that every file system takes.
const LONGEST: usize = 200;

/// The last part of a name, so that it chooses no folder; `file` where there is none. `None` for a name that no file can have
/// everywhere.
pub fn plain(name: &str) -> Option<String> {
    let base = name.rsplit('/').find(|part| !part.is_empty() && *part != ".").unwrap_or_default();
    if base.is_empty() || base == ".." {
        return Some("file".to_owned());
    }
    let odd = base.chars().any(char::is_control) || base.contains(['\\', ':']) || base.len() > LONGEST;
    (!odd).then(|| base.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_chooses_no_folder() {
        for (name, is) in [
            ("../../rows.json", "rows.json"),
            ("a/b/", "b"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            ("a/.", "a"),
            ("ä b.csv", "ä b.csv"),
        ] {
            assert_eq!(plain(name).as_deref(), Some(is), "{name}");
        }
        for name in ["a\0b", "a\nb", "C:\\x", "a:b", "\u{1b}]52", &"x".repeat(201)] {
            assert_eq!(plain(name), None, "{name:?}");
        }
    }
}
