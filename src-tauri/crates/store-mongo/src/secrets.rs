//! What must never be shown of an address, and the removal of it from a driver's words.

/// The user part of an address and its pieces, as written and as meant.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Reads them off a URI by position alone, so that a malformed one is covered too.
    pub fn of(uri: &str) -> Self {
        let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
        let Some((user_info, _)) = rest.rsplit_once('@') else {
            return Self::default();
        };
        let mut found = vec![user_info.to_owned()];
        if let Some((_, password)) = user_info.split_once(':') {
            found.push(password.to_owned());
            found.push(percent_decoded(password));
        }
        found.retain(|s| !s.is_empty());
        Self(found)
    }

    /// The text, or nothing where it would tell a secret.
    pub fn safe(&self, text: String) -> Option<String> {
        (!self.0.iter().any(|secret| text.contains(secret.as_str()))).then_some(text)
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| std::str::from_utf8(h).ok());
        match (byte, hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_the_password_is_not_shown() {
        let secrets = Secrets::of("mongodb://me:p%40ss@host/db");
        assert_eq!(secrets.safe("bad password p@ss".to_owned()), None);
        assert_eq!(secrets.safe("bad password p%40ss".to_owned()), None);
        assert!(secrets.safe("cannot reach host".to_owned()).is_some());
        assert!(Secrets::of("mongodb://host/db").safe("anything".to_owned()).is_some());
    }
}
