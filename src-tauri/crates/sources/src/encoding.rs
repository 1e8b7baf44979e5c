//! The encoding of a text: byte order marks, UTF-16 without one, and a guess for the rest; decoding to UTF-8.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::{SourceError, SourceResult};

/// The encoding of a text that begins like this; a person's choice wins.
///
/// A UTF-8 text with a few wrong bytes stays UTF-8: its bad rows are reported one by one, the others are not changed.
pub fn recognise(prefix: &[u8], chosen: Option<&str>) -> SourceResult<&'static Encoding> {
    if let Some(label) = chosen {
        return Encoding::for_label(label.trim().as_bytes())
            .ok_or_else(|| SourceError::BadChoice(format!("'{label}' is no encoding. Try utf-8, windows-1252 or utf-16le.")));
    }
    if let Some(encoding) = for_mark(prefix) {
        return Ok(encoding);
    }
    if let Some(encoding) = wide(prefix) {
        return Ok(encoding);
    }
    if mostly_utf8(prefix) {
        return Ok(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(prefix, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    // A few letters with accents may be read as signs of Korean or Chinese, each of two bytes. There, both are beyond ASCII.
    let two_bytes = [encoding_rs::EUC_KR, encoding_rs::GBK, encoding_rs::GB18030, encoding_rs::BIG5, encoding_rs::SHIFT_JIS];
    Ok(if two_bytes.contains(&guess) && mostly_single(prefix) { encoding_rs::WINDOWS_1252 } else { guess })
}

/// The encoding that a byte order mark tells.
pub fn for_mark(prefix: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_bom(prefix).map(|(encoding, _)| encoding)
}

/// UTF-16 without a mark: text in Latin letters has a zero in every other byte.
fn wide(prefix: &[u8]) -> Option<&'static Encoding> {
    let head = &prefix[..prefix.len().min(4096) & !1];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let half = head.len() / 2;
    if half < 4 {
        return None;
    }
    match (zeros(0), zeros(1)) {
        (0, odd) if odd * 10 > half * 7 => Some(UTF_16LE),
        (even, 0) if even * 10 > half * 7 => Some(UTF_16BE),
        _ => None,
    }
}

/// Bytes beyond ASCII are few, and most of them stand between letters of ASCII.
fn mostly_single(prefix: &[u8]) -> bool {
    let runs: Vec<usize> = prefix.split(u8::is_ascii).filter(|run| !run.is_empty()).map(<[u8]>::len).collect();
    let single = runs.iter().filter(|length| **length == 1).count();
    runs.iter().sum::<usize>() < 64 && single * 2 > runs.len()
}

/// Whole multi-byte characters are not outnumbered by wrong bytes. In a text of another encoding such characters come about by
/// chance only, and are few; taken for that one, those of a mixed text would be changed without a word.
fn mostly_utf8(prefix: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in prefix.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    // A character that the prefix cuts in two is no error.
    let cut = std::str::from_utf8(prefix).err().is_some_and(|e| e.error_len().is_none());
    let bad = bad - usize::from(cut && bad > 0);
    good >= bad
}

/// Not all bytes of a text that begins like this are UTF-8.
pub fn has_wrong_bytes(prefix: &[u8]) -> bool {
    std::str::from_utf8(prefix).is_err_and(|e| e.error_len().is_some())
}

/// Decodes to UTF-8 while reading. What the encoding does not have becomes U+FFFD, which the row readers report.
pub struct Decoding<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    at: usize,
    output: Vec<u8>,
    sent: usize,
    ended: bool,
}

const CHUNK: usize = 64 << 10;

impl<R: Read> Decoding<R> {
    pub fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { inner, decoder, input: Vec::new(), at: 0, output: Vec::new(), sent: 0, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.sent == self.output.len() && !self.ended {
            if self.at == self.input.len() {
                self.input.resize(CHUNK, 0);
                let n = self.inner.read(&mut self.input)?;
                self.input.truncate(n);
                self.at = 0;
            }
            let last = self.input.is_empty();
            self.output.resize(CHUNK * 3, 0);
            let (result, read, written, _) = self.decoder.decode_to_utf8(&self.input[self.at..], &mut self.output, last);
            self.at += read;
            self.output.truncate(written);
            self.sent = 0;
            self.ended = last && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refill()?;
        let n = buffer.len().min(self.output.len() - self.sent);
        buffer[..n].copy_from_slice(&self.output[self.sent..self.sent + n]);
        self.sent += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bytes: &[u8]) -> &'static str {
        recognise(bytes, None).unwrap().name()
    }

    fn wide_bytes(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn encodings_are_recognised() {
        assert_eq!(name("id,name\n1,Zoë\n".as_bytes()), "UTF-8");
        assert_eq!(name(b"plain ascii"), "UTF-8");
        assert_eq!(name(b"\xef\xbb\xbfid"), "UTF-8");
        assert_eq!(name(&wide_bytes("id,name\n1,Zoe\n", false)), "UTF-16LE");
        assert_eq!(name(&wide_bytes("id,name\n1,Zoe\n", true)), "UTF-16BE");
        assert_eq!(name(b"id;name\n1;Jos\xe9 Garc\xeda\n2;Fran\xe7ois\n"), "windows-1252");
        // Wrong bytes do not turn the whole characters into something else.
        for whole in [1, 3, 100] {
            let mut mixed = "é".repeat(whole).into_bytes();
            mixed.extend_from_slice(b"\nJos\xe9\n");
            assert_eq!(name(&mixed), "UTF-8");
        }
    }

    #[test]
    fn whole_characters_by_chance_are_few() {
        for (label, text) in [
            ("windows-1251", "Специалист по оценке качества данных проверяет записи"),
            ("koi8-u", "Фахівець перевіряє записи і виправляє помилки"),
            ("gbk", "数据分析师检查记录并更正错误，管理员备份数据库并证明恢复"),
            ("shift_jis", "データ分析者は記録を検査し、誤りを訂正します"),
            ("euc-kr", "데이터 분석가는 기록을 검사하고 오류를 수정합니다"),
            ("windows-874", "นักวิเคราะห์ข้อมูลตรวจสอบระเบียนและแก้ไขข้อผิดพลาด เกเก แกแก"),
            ("iso-8859-7", "Ο αναλυτής ελέγχει τις εγγραφές και διορθώνει τα λάθη"),
            ("windows-1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
            ("windows-1252", "Élève à l’école française, œuvre, cœur, naïveté"),
        ] {
            let (bytes, _, unmappable) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
            assert!(!unmappable && name(&bytes) != "UTF-8", "{label}");
        }
    }

    #[test]
    fn a_prefix_may_cut_a_character() {
        assert_eq!(name(&"abc é".as_bytes()[..5]), "UTF-8");
    }

    #[test]
    fn decoding_gives_the_text() {
        let text = "zażółć gęślą jaźń ".repeat(9000);
        for big in [false, true] {
            let bytes = wide_bytes(&text, big);
            let encoding = if big { UTF_16BE } else { UTF_16LE };
            let mut out = String::new();
            Decoding::new(bytes.as_slice(), encoding).read_to_string(&mut out).unwrap();
            assert_eq!(out, text);
        }
    }

    #[test]
    fn a_wrong_label_is_refused_in_words() {
        assert!(recognise(b"", Some("klingon")).unwrap_err().to_string().contains("klingon"));
    }
}
