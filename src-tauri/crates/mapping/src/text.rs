//! Trimming and the case of letters.

use std::borrow::Cow;

use crate::steps::{CaseKind, TrimKind};

pub(crate) fn trim<'a>(kind: TrimKind, text: Cow<'a, str>) -> Cow<'a, str> {
    match kind {
        TrimKind::Ends => trim_ends(text),
        TrimKind::Collapse => collapse(text),
    }
}

pub(crate) fn trim_ends<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    let ends = (text.as_bytes().first(), text.as_bytes().last());
    match text {
        // Most texts have nothing to trim.
        text if matches!(ends, (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic()) => text,
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn collapse<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    let text = trim_ends(text);
    let mut previous = ' ';
    let clean = text.chars().all(|c| {
        let fine = !c.is_whitespace() || (c == ' ' && !previous.is_whitespace());
        previous = c;
        fine
    });
    if clean {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Cow::Owned(out)
}

pub(crate) fn case<'a>(kind: CaseKind, text: Cow<'a, str>) -> Cow<'a, str> {
    match kind {
        CaseKind::Upper => Cow::Owned(text.to_uppercase()),
        CaseKind::Lower => lower(text),
        CaseKind::Title if text.is_ascii() => Cow::Owned(ascii_title(text.into_owned())),
        CaseKind::Title => Cow::Owned(title(&text)),
    }
}

/// Lower case; texts that are so already are not copied.
pub(crate) fn lower<'a>(text: Cow<'a, str>) -> Cow<'a, str> {
    // Without a way out in the middle, many bytes are looked at at once.
    let other = text.bytes().fold(false, |other, b| other | !b.is_ascii() | b.is_ascii_uppercase());
    if other { Cow::Owned(text.to_lowercase()) } else { text }
}

/// [`title`] in place: most texts need no more.
fn ascii_title(text: String) -> String {
    let mut bytes = text.into_bytes();
    let mut first = true;
    for c in &mut bytes {
        *c = if first { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        first = !(c.is_ascii_alphanumeric() || *c == b'\'');
    }
    // Changing the case of ASCII letters keeps ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut first = true;
    for c in text.chars() {
        if first && c.is_alphanumeric() {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        // An apostrophe is inside a word ("O'Neil's"), all else that is no letter ends one.
        first = !(c.is_alphanumeric() || c == '\'' || c == '’');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_and_clean_text_is_not_copied() {
        assert_eq!(trim(TrimKind::Ends, "  a  b\u{a0}".into()), "a  b");
        assert_eq!(trim(TrimKind::Collapse, " a \t\n b\u{a0}\u{a0}c ".into()), "a b c");
        assert_eq!(trim(TrimKind::Collapse, "a\tb".into()), "a b");
        assert!(matches!(trim(TrimKind::Collapse, " a b ".into()), Cow::Borrowed("a b")));
        assert_eq!(trim(TrimKind::Ends, Cow::Owned(" a ".to_owned())), "a");
        assert_eq!(trim(TrimKind::Collapse, "  ".into()), "");
    }

    #[test]
    fn case_in_any_script() {
        assert_eq!(case(CaseKind::Upper, "straße".into()), "STRASSE");
        assert_eq!(case(CaseKind::Lower, "ÉCOLE".into()), "école");
        assert_eq!(case(CaseKind::Title, "senior data-ENGINEER (o'neil's)".into()), "Senior Data-Engineer (O'neil's)");
        assert!(matches!(case(CaseKind::Lower, "abc 1".into()), Cow::Borrowed(_)));
    }
}
