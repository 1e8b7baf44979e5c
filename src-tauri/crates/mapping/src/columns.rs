//! Finding the source field that a mapping means: a column of the header, or a path into JSON rows.

use std::collections::HashMap;

use crate::error::MappingError;
use crate::names::{fold, nearest};

/// Where a value is in a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Place {
    Column(usize),
    Path(Vec<String>),
}

/// What the rows of a source look like.
#[derive(Debug)]
pub(crate) enum Columns<'h> {
    Table { header: &'h [String], exact: HashMap<&'h str, Found>, folded: HashMap<String, Found> },
    Json,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Found {
    Once(usize),
    Often,
}

impl<'h> Columns<'h> {
    pub fn new(header: Option<&'h [String]>) -> Self {
        let Some(header) = header else { return Self::Json };
        let mut exact = HashMap::new();
        let mut folded = HashMap::new();
        for (i, name) in header.iter().enumerate() {
            exact.entry(name.as_str()).and_modify(|f| *f = Found::Often).or_insert(Found::Once(i));
            folded.entry(fold(name)).and_modify(|f| *f = Found::Often).or_insert(Found::Once(i));
        }
        Self::Table { header, exact, folded }
    }

    pub fn find(&self, name: &str) -> Result<Place, MappingError> {
        let Self::Table { header, exact, folded } = self else {
            return path(name).map(Place::Path);
        };
        let often = || {
            MappingError::new("", format!("More than one column is called '{name}'."))
                .hint("Say which by its number: \"#3\" is the third column.")
        };
        match exact.get(name) {
            Some(Found::Once(i)) => return Ok(Place::Column(*i)),
            Some(Found::Often) => return Err(often()),
            None => {}
        }
        if let Some(number) = name.strip_prefix('#').and_then(|n| n.parse::<usize>().ok())
            && (1..=header.len()).contains(&number)
        {
            return Ok(Place::Column(number - 1));
        }
        match folded.get(&fold(name)) {
            Some(Found::Once(i)) => Ok(Place::Column(*i)),
            Some(Found::Often) => Err(often()),
            None => Err(unknown(name, header)),
        }
    }

    /// How a document names a column: by its name where that is enough.
    pub fn name_of(&self, index: usize) -> String {
        match self {
            Self::Table { header, exact, .. } => match header.get(index) {
                Some(name) if !name.is_empty() && matches!(exact.get(name.as_str()), Some(Found::Once(_))) => name.clone(),
                _ => format!("#{}", index + 1),
            },
            Self::Json => format!("#{}", index + 1),
        }
    }
}

fn unknown(name: &str, header: &[String]) -> MappingError {
    let error = MappingError::new("", format!("There is no column '{name}'."));
    match nearest(name, header.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("Did you mean '{near}'?")),
        None if header.is_empty() => error.hint("The file has no columns."),
        None => error
            .hint(format!("The file has the columns {}.", header.iter().take(20).map(|h| format!("'{h}'")).collect::<Vec<_>>().join(", "))),
    }
}

/// Levels that a path may lead down: half of what a record may have, so that there is room for what is put there.
pub(crate) const MOST_LEVELS: usize = steward_domain::depth::MOST / 2;

/// The names on a dotted path or RFC 6901 pointer.
pub(crate) fn path(text: &str) -> Result<Vec<String>, MappingError> {
    let segments: Vec<String> = match text.strip_prefix('/') {
        Some(rest) => rest.split('/').map(|s| steward_domain::path::unescaped(s).into_owned()).collect(),
        None => text.split('.').map(str::to_owned).collect(),
    };
    if segments.iter().any(String::is_empty) {
        return Err(
            MappingError::new("", format!("'{text}' has an empty name on its way.")).hint("Write a.b or, for names with dots, /a.b.")
        );
    }
    if segments.len() > MOST_LEVELS {
        return Err(MappingError::new(
            "",
            format!("A path leads down {} levels; records go no deeper than {MOST_LEVELS}.", segments.len()),
        ));
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_exactly_then_loosely_then_by_number() {
        let header: Vec<String> = ["Job Title", "a", "A", "a", "", "#1"].map(str::to_owned).to_vec();
        let columns = Columns::new(Some(&header));
        assert_eq!(columns.find("job_title"), Ok(Place::Column(0)));
        assert_eq!(columns.find("A"), Ok(Place::Column(2)));
        assert!(columns.find("a").unwrap_err().message.starts_with("More than one column"));
        assert_eq!(columns.find("#4"), Ok(Place::Column(3)));
        assert_eq!(columns.find("#1"), Ok(Place::Column(5)));
        assert_eq!(columns.find("Job Titel").unwrap_err().hint, "Did you mean 'Job Title'?");
        assert_eq!((0..6).map(|i| columns.name_of(i)).collect::<Vec<_>>(), ["Job Title", "#2", "A", "#4", "#5", "#1"]);
    }

    #[test]
    fn paths_of_json_rows() {
        assert_eq!(path("a.b").unwrap(), ["a", "b"]);
        assert_eq!(path("/a.b/c~1d").unwrap(), ["a.b", "c/d"]);
        assert!(path("a..b").is_err() && path("").is_err());
    }
}
