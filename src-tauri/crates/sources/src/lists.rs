//! Lists inside a JSON object: `{"meta": …, "data": [{…}, {…}]}` holds its records at `/data`. Nothing is parsed; the
//! bytes are followed just far enough to know where they are.

/// A record hardly ever holds a list of so many objects.
const LONG: usize = 10;

/// Levels of objects that are followed.
const MAX_DEPTH: usize = 64;

enum Frame {
    Object {
        key: Option<Vec<u8>>,
        at_key: bool,
    },
    /// With the number of objects seen in it.
    List {
        objects: usize,
    },
}

/// Follows JSON byte by byte.
#[derive(Default)]
struct Follower {
    stack: Vec<Frame>,
    /// The text being read, where it may be a key.
    text: Option<Vec<u8>>,
    in_text: bool,
    escaped: bool,
    too_deep: usize,
}

enum Step {
    None,
    /// A list begins; its path is that of the keys around it.
    List,
    /// The innermost list ended.
    ListEnd,
    /// An object begins directly in a list: the how-manieth it is.
    ObjectInList(usize),
    /// The outermost value ended.
    End,
}

impl Follower {
    fn take(&mut self, b: u8) -> Step {
        if self.in_text {
            self.take_in_text(b);
            return Step::None;
        }
        match b {
            b'"' => {
                self.in_text = true;
                self.text = matches!(self.stack.last(), Some(Frame::Object { at_key: true, .. })).then(Vec::new);
            }
            b':' => {
                if let Some(Frame::Object { key, at_key }) = self.stack.last_mut() {
                    *at_key = false;
                    *key = self.text.take();
                }
            }
            b',' => {
                if let Some(Frame::Object { at_key, .. }) = self.stack.last_mut() {
                    *at_key = true;
                }
            }
            b'{' | b'[' if self.stack.len() >= MAX_DEPTH => self.too_deep += 1,
            b'}' | b']' if self.too_deep > 0 => self.too_deep -= 1,
            b'{' => return self.open_object(),
            b'[' => {
                self.stack.push(Frame::List { objects: 0 });
                return Step::List;
            }
            b'}' | b']' => {
                let closed = self.stack.pop();
                if self.stack.is_empty() {
                    return Step::End;
                }
                if matches!(closed, Some(Frame::List { .. })) {
                    return Step::ListEnd;
                }
            }
            _ => {}
        }
        Step::None
    }

    fn open_object(&mut self) -> Step {
        let mut step = Step::None;
        if let Some(Frame::List { objects }) = self.stack.last_mut() {
            *objects += 1;
            step = Step::ObjectInList(*objects);
        }
        self.stack.push(Frame::Object { key: None, at_key: true });
        step
    }

    fn take_in_text(&mut self, b: u8) {
        match b {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_text = false;
                return;
            }
            _ => {}
        }
        if let Some(text) = &mut self.text {
            text.push(b);
        }
    }

    /// JSON Pointer of the innermost list, where only objects lie around it.
    fn pointer(&self, frames: usize) -> Option<String> {
        let mut out = String::new();
        for frame in self.stack.get(..frames)? {
            match frame {
                Frame::Object { key: Some(key), .. } => {
                    // Escapes in keys are rare; as written is good enough to find the list again.
                    out.push('/');
                    out.push_str(&steward_domain::path::escaped(&String::from_utf8_lossy(key)));
                }
                Frame::Object { key: None, .. } | Frame::List { .. } => return None,
            }
        }
        Some(out)
    }
}

/// Finds the opening bracket of the list at a JSON Pointer.
pub struct ListSeeker {
    follower: Follower,
    pointer: String,
}

impl ListSeeker {
    pub fn new(pointer: &str) -> Self {
        Self { follower: Follower::default(), pointer: pointer.to_owned() }
    }

    /// Takes a byte; true when it opens the list.
    pub fn take(&mut self, b: u8) -> bool {
        let opens = matches!(self.follower.take(b), Step::List);
        opens && self.follower.pointer(self.follower.stack.len() - 1).is_some_and(|p| p == self.pointer)
    }
}

/// A list of objects inside an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InnerList {
    /// JSON Pointer.
    pub pointer: String,
    pub objects: usize,
    /// Where it begins and ends, as far as was looked.
    begin: usize,
    end: usize,
}

/// What the beginning of a JSON object reports the lists in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inner {
    /// Lists of objects.
    pub lists: Vec<InnerList>,
    /// Bytes that were looked at.
    length: usize,
    /// There is one object and nothing after it, or it is longer than what was looked at.
    pub single: bool,
    /// Members of the object itself.
    pub members: usize,
}

impl Inner {
    /// The list whose elements are the records: one that is named like it, is alone, or is long. Otherwise the
    /// object is taken for a record that has a list.
    pub fn records(&self) -> Option<&str> {
        if !self.single {
            return None;
        }
        let usual = ["data", "items", "records", "rows", "results", "result", "value", "values", "documents", "entries", "list"];
        let named = |pointer: &str| pointer.rsplit('/').next().is_some_and(|n| usual.contains(&n.to_ascii_lowercase().as_str()));
        let best = self.lists.iter().max_by_key(|list| (named(&list.pointer), list.objects))?;
        let alone = self.members == 1 && best.objects >= 2;
        let most = (best.end - best.begin) * 2 > self.length;
        (alone || best.objects >= LONG || named(&best.pointer) && most).then_some(best.pointer.as_str())
    }
}

/// Looks at the beginning of an object.
pub fn inner(prefix: &[u8]) -> Inner {
    let mut follower = Follower::default();
    let mut found = Inner { lists: Vec::new(), length: prefix.len(), single: true, members: 0 };
    for (at, b) in prefix.iter().enumerate() {
        let at_member = *b == b':' && follower.stack.len() == 1 && !follower.in_text;
        found.members += usize::from(at_member);
        match follower.take(*b) {
            Step::ObjectInList(number) => {
                let frames = follower.stack.len() - 2;
                let Some(pointer) = follower.pointer(frames) else { continue };
                match found.lists.iter_mut().find(|l| l.pointer == pointer) {
                    Some(list) => list.objects = number,
                    None => found.lists.push(InnerList { pointer, objects: number, begin: at, end: prefix.len() }),
                }
            }
            Step::ListEnd => {
                let pointer = follower.pointer(follower.stack.len());
                if let Some(list) = found.lists.iter_mut().find(|l| Some(&l.pointer) == pointer.as_ref()) {
                    list.end = at;
                }
            }
            Step::End => {
                found.single = prefix[at + 1..].iter().all(u8::is_ascii_whitespace);
                break;
            }
            Step::List | Step::None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_objects_are_found_with_their_path() {
        let text = br#"{"meta": {"tags": ["a"]}, "body": {"rows": [{"a": [{"x": 1}], "b": "some longer text"}, {"a": 2}]}}"#;
        let found = inner(text);
        assert_eq!(found.lists.iter().map(|l| (l.pointer.as_str(), l.objects)).collect::<Vec<_>>(), [("/body/rows", 2)]);
        assert_eq!(found.records(), Some("/body/rows"));
        assert_eq!(inner(br#"{"careers": [{"a": 1}, {"a": 2}]}"#).records(), Some("/careers"));
    }

    #[test]
    fn a_record_is_not_a_container() {
        assert_eq!(inner(br#"{"id": 1, "skills": ["a", "b"], "range": {"min": 1}}"#).records(), None);
        assert_eq!(inner(br#"{"id": 1, "parts": [{"a": 1}, {"a": 2}]}"#).records(), None);
        assert_eq!(inner(br#"{"id": 1, "list": [{"a": 1}], "text": "longer than the list in it"}"#).records(), None);
        assert_eq!(inner(b"{\"data\": [{\"a\": 1}]}\n{\"data\": []}").records(), None);
        assert_eq!(inner(br#"{"text": "\"data\": [{", "n": 1}"#).records(), None);
    }

    #[test]
    fn the_seeker_stops_at_the_bracket() {
        let text = br#"{"a": [1], "data": [{"x": 1}]}"#;
        let mut seeker = ListSeeker::new("/data");
        let at = text.iter().position(|b| seeker.take(*b)).unwrap();
        assert_eq!(&text[at..at + 2], b"[{");
    }
}
