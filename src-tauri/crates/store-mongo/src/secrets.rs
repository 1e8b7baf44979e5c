//! What must never be shown of an address, and the removal of it from a driver's words.

/// The user part of an address and its pieces, as written and as meant.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Reads them off a URI by position alone, so that a malformed one is covered too.
    pub fn of(uri: &str) -> Self {
        Self(crate::uri::secrets(uri))
    }

    /// The text, or nothing where it would tell a secret.
    pub fn safe(&self, text: String) -> Option<String> {
        (!self.0.iter().any(|secret| text.contains(secret.as_str()))).then_some(text)
    }
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
