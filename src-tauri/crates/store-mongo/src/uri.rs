//! MongoDB addresses as text: the one place that takes them apart.
//!
//! The driver's `ConnectionString` reads an address but cannot write one, and refuses what is malformed. Here an address is shown
//! without its secrets, gets a password or another database, and the secrets of a malformed one are still found. So the parts are
//! cut by position alone: <https://www.mongodb.com/docs/manual/reference/connection-string/>.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The parts of an address, as they are written.
struct Parts<'a> {
    scheme: &'a str,
    /// User, and password behind a colon.
    login: Option<&'a str>,
    hosts: &'a str,
    /// With the slash in front; empty where there is none.
    path: &'a str,
    query: Option<&'a str>,
}

fn parts(uri: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = uri.split_once("://")?;
    let (authority, tail) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let (login, hosts) = authority.rsplit_once('@').map_or((None, authority), |(login, hosts)| (Some(login), hosts));
    let (path, query) = tail.split_once('?').map_or((tail, None), |(path, query)| (path, Some(query)));
    Some(Parts { scheme, login, hosts, path, query })
}

impl Parts<'_> {
    fn write(&self) -> String {
        let login = self.login.map_or_else(String::new, |login| format!("{login}@"));
        let query = self.query.map_or_else(String::new, |query| format!("?{query}"));
        format!("{}://{login}{}{}{query}", self.scheme, self.hosts, self.path)
    }
}

/// An address without its password and without options that may contain secrets.
pub fn hide_secrets(uri: &str) -> String {
    let Some(parts) = parts(uri) else {
        return hide_secrets(&format!("mongodb://{uri}"));
    };
    let is_public = |option: &&str| {
        let name = option.split('=').next().unwrap_or_default().to_ascii_lowercase();
        !name.is_empty() && !name.contains("password") && name != "authmechanismproperties"
    };
    let query: Vec<&str> = parts.query.unwrap_or_default().split('&').filter(is_public).collect();
    let query = query.join("&");
    let login = parts.login.map(|login| login.split(':').next().unwrap_or_default());
    Parts { login, query: Some(query.as_str()).filter(|query| !query.is_empty()), ..parts }.write()
}

/// The address names someone who logs in, but not with which password.
pub fn lacks_password(uri: &str) -> bool {
    parts(uri).and_then(|parts| parts.login).is_some_and(|login| !login.is_empty() && !login.contains(':'))
}

/// The address of [`hide_secrets`] with its password restored.
pub fn with_password(uri: &str, password: &str) -> String {
    match parts(uri) {
        Some(parts) if parts.login.is_some() => {
            let login = format!("{}:{}", parts.login.unwrap_or_default(), utf8_percent_encode(password, NON_ALPHANUMERIC));
            Parts { login: Some(&login), ..parts }.write()
        }
        _ => uri.to_owned(),
    }
}

/// The same address with another database. Nothing where it names none.
pub fn with_database(uri: &str, database: &str) -> Option<String> {
    let parts = parts(uri)?;
    let old = parts.path.strip_prefix('/')?;
    // Without an authSource, users belong to the database of the address.
    let query = match parts.query {
        query if parts.login.is_none() || query.is_some_and(|query| query.contains("authSource=")) => query.map(str::to_owned),
        None => Some(format!("authSource={old}")),
        Some(query) => Some(format!("{query}&authSource={old}")),
    };
    Some(Parts { path: &format!("/{database}"), query: query.as_deref(), ..parts }.write())
}

/// The value of an option, whatever the case of its name.
pub fn option<'a>(uri: &'a str, name: &str) -> Option<&'a str> {
    let mut options = parts(uri)?.query?.split('&').filter_map(|option| option.split_once('='));
    options.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// What must not be shown of an address: its login as written, and the password as written and as meant. All that is before the last
/// `@` counts, so that a password with a slash in it is covered as well.
pub fn secrets(uri: &str) -> Vec<String> {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let Some((login, _)) = rest.rsplit_once('@') else {
        return Vec::new();
    };
    let mut found = vec![login.to_owned()];
    if let Some((_, password)) = login.split_once(':') {
        found.push(password.to_owned());
        found.push(percent_decode_str(password).decode_utf8_lossy().into_owned());
    }
    found.retain(|secret| !secret.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_back_to_where_it_was() {
        let full = "mongodb://ann:p%40s%2Fs@h1:1,h2:2/db?tls=true";
        let public = hide_secrets(full);
        assert!(lacks_password(&public) && !lacks_password(full));
        assert_eq!(with_password(&public, "p@s/s"), full);
        assert!(!lacks_password("mongodb://h/db") && !lacks_password("mongodb://h/db?x=a@b"));
        assert_eq!(with_password("mongodb://h/db", "x"), "mongodb://h/db");
    }

    #[test]
    fn no_secret_survives() {
        let shown = hide_secrets("mongodb://ann:p%40ss@h1:1,h2:2/db?tls=true&tlsCertificateKeyFilePassword=x&authSource=admin");
        assert_eq!(shown, "mongodb://ann@h1:1,h2:2/db?tls=true&authSource=admin");
        assert_eq!(hide_secrets("mongodb+srv://c.example.net/db"), "mongodb+srv://c.example.net/db");
        assert_eq!(hide_secrets("ann:pw@h/db?"), "mongodb://ann@h/db");
    }

    #[test]
    fn the_login_stays_where_it_belongs() {
        let to = |uri| with_database(uri, "x").unwrap();
        assert_eq!(to("mongodb://h:1,h:2/db"), "mongodb://h:1,h:2/x");
        assert_eq!(to("mongodb://u:p@h/db"), "mongodb://u:p@h/x?authSource=db");
        assert_eq!(to("mongodb://u:p@h/db?tls=true"), "mongodb://u:p@h/x?tls=true&authSource=db");
        assert_eq!(to("mongodb://u:p@h/db?authSource=admin"), "mongodb://u:p@h/x?authSource=admin");
        assert_eq!(with_database("mongodb://h", "x"), None);
    }

    #[test]
    fn options_are_found_whatever_their_case() {
        assert_eq!(option("mongodb://h/db?tls=true&waitqueuetimeoutms=50", "waitQueueTimeoutMS"), Some("50"));
        assert_eq!(option("mongodb://h/db", "waitQueueTimeoutMS"), None);
    }
}
