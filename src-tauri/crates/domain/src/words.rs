//! Figures in sentences that people read: the history, the command line.

/// 1234567 as `1,234,567`.
pub fn number(n: impl TryInto<i64>) -> String {
    let n = whole(n);
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// `1 row`, `2 rows`.
pub fn counted(n: impl TryInto<i64>, one: &str) -> String {
    let n = whole(n);
    format!("{} {one}{}", number(n), if n == 1 { "" } else { "s" })
}

/// What is too large to be written was never counted.
fn whole(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_separators_and_units_their_number() {
        assert_eq!(number(-1_234_567), "-1,234,567");
        assert_eq!(
            (counted(0, "row"), counted(1, "row"), counted(50_000, "record")),
            ("0 rows".into(), "1 row".into(), "50,000 records".into())
        );
    }
}
