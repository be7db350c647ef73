//! Tokenizer of Rust source: identifiers and punctuation, without comments, literals and test code.

/// A token that is relevant for paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// An identifier or keyword.
    Word(String),
    /// `::`
    Separator,
    /// Any other punctuation.
    Sign(char),
    /// A number, a character or a string.
    Literal,
}

impl Token {
    /// The identifier, if the token is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Returns whether the token is this identifier or keyword.
    pub fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    /// Returns whether the token is this punctuation character.
    pub fn is_sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// Tokenizes `source`. Items with `#[cfg(test)]` are left out.
pub fn read(source: &str) -> Vec<Token> {
    let mut reader = Reader { rest: source, tokens: Vec::new() };
    while !reader.rest.is_empty() {
        reader.step();
    }
    without_tests(&reader.tokens)
}

struct Reader<'a> {
    rest: &'a str,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        let Some(first) = rest.chars().next() else { return };
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(comment(rest));
        } else if let Some(length) = string(rest) {
            self.literal(length);
        } else if first == '\'' {
            match character(rest) {
                Some(length) => self.literal(length),
                // This is a lifetime, whose name is no path.
                None => self.skip(1 + word(&rest[1..])),
            }
        } else if first.is_ascii_digit() {
            self.literal(word(rest));
        } else if first.is_alphabetic() || first == '_' {
            let length = word(rest);
            self.tokens.push(Token::Word(rest[..length].to_owned()));
            self.skip(length);
        } else if rest.starts_with("::") {
            self.tokens.push(Token::Separator);
            self.skip(2);
        } else {
            if !first.is_whitespace() {
                self.tokens.push(Token::Sign(first));
            }
            self.skip(first.len_utf8());
        }
    }

    fn literal(&mut self, length: usize) {
        let text = self.rest[..length].trim_matches('"');
        // serde's attributes refer to functions by strings.
        if text.starts_with("crate::") && !text.contains([' ', '"']) {
            self.tokens.extend(read(text));
        } else {
            self.tokens.push(Token::Literal);
        }
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }
}

/// The length of the word at the beginning.
fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The length of the block comment at the beginning; they nest.
fn comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of the string at the beginning, raw or not, with its prefix.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c', 'r']).len();
    let raw = rest[..prefix].contains('r');
    let body = &rest[prefix..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    if prefix > 2 || (hashes > 0 && !raw) || !body[hashes..].starts_with('"') {
        return None;
    }
    let begin = prefix + hashes + 1;
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len()));
    }
    let mut escaped = false;
    for (at, c) in rest[begin..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(begin + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// The length of the character at the beginning, if it is no lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        let (at, _) = chars.skip(1).find(|(_, c)| *c == '\'')?;
        return Some(at + 1);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(at + 1)
}

/// Removes each item after `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at += 7;
            at += item(&tokens[at..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn is_test_attribute(tokens: &[Token]) -> bool {
    let [hash, open, cfg, begin, test, end, close, ..] = tokens else { return false };
    hash.is_sign('#')
        && open.is_sign('[')
        && cfg.is_word("cfg")
        && begin.is_sign('(')
        && test.is_word("test")
        && end.is_sign(')')
        && close.is_sign(']')
}

/// The number of tokens of the item at the beginning, up to `;` or a closing brace.
fn item(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('{' | '(' | '[') => depth += 1,
            Token::Sign(')' | ']') => depth = depth.saturating_sub(1),
            Token::Sign('}') => {
                depth = depth.saturating_sub(1);
                // `use a::{b};` ends after its semicolon.
                let more = tokens.get(at + 1).is_some_and(|next| next.is_sign(';'));
                if depth == 0 && !more {
                    return at + 1;
                }
            }
            Token::Sign(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        read(source).iter().filter_map(|token| token.word().map(str::to_owned)).collect()
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        assert_eq!(words("a /* b /* c */ d */ e // f\ng"), ["a", "e", "g"]);
        assert_eq!(words(r####"a "b \" c" r#"d " e"# b"f" 'g' '\'' 'static h"####), ["a", "h"]);
        assert_eq!(words(r#"with = "crate::a::b""#), ["with", "crate", "a", "b"]);
    }

    #[test]
    fn tests_are_left_out() {
        let source = "#[cfg(test)] mod tests { use a::{b, c}; fn d() {} } use e;";
        assert_eq!(words(source), ["use", "e"]);
        assert_eq!(words("#[cfg(test)] use a::{b, c}; fn d() {}"), ["fn", "d"]);
        assert_eq!(words("#[cfg(test)] mod a; mod b;"), ["mod", "b"]);
    }
}
