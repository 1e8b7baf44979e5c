//! The few words that the window's program takes.

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    pub workspace: Option<String>,
}

/// Something to tell instead of opening a window.
#[derive(Debug, PartialEq, Eq)]
pub struct EarlyExit {
    pub text: String,
    pub code: u8,
}

const USAGE: &str = "Usage: steward-desktop [--workspace FILE|mongodb://…]\n\nOpens Steward's window. $STEWARD_WORKSPACE names the workspace when --workspace does not.";

impl Arguments {
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Self, EarlyExit> {
        let mut out = Self { workspace: std::env::var("STEWARD_WORKSPACE").ok().filter(|w| !w.is_empty()) };
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Err(EarlyExit { text: USAGE.into(), code: 0 }),
                "--version" | "-V" => return Err(EarlyExit { text: format!("steward-desktop {}", env!("CARGO_PKG_VERSION")), code: 0 }),
                "--workspace" | "-w" => match words.next() {
                    Some(workspace) => out.workspace = Some(workspace),
                    None => return Err(EarlyExit { text: format!("--workspace needs a file or a URI.\n\n{USAGE}"), code: 2 }),
                },
                other => match other.strip_prefix("--workspace=") {
                    Some(workspace) => out.workspace = Some(workspace.to_owned()),
                    None => return Err(EarlyExit { text: format!("'{other}' is not known.\n\n{USAGE}"), code: 2 }),
                },
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, EarlyExit> {
        Arguments::parse(words.iter().map(|w| (*w).to_owned()))
    }

    #[test]
    fn takes_a_workspace_and_refuses_the_rest() {
        let wanted = Some("a.steward".to_owned());
        assert_eq!(parse(&["--workspace", "a.steward"]).unwrap().workspace, wanted);
        assert_eq!(parse(&["--workspace=a.steward"]).unwrap().workspace, wanted);
        assert_eq!(parse(&["--nope"]).unwrap_err().code, 2);
        assert_eq!(parse(&["--help"]).unwrap_err().code, 0);
        assert_eq!(parse(&["--workspace"]).unwrap_err().code, 2);
    }
}
