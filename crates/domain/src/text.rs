//! Rules for texts from outside: their maximum length and the allowed characters.

/// The longest id of a roster, in characters: long enough for every standard, short enough for an
/// index of any database.
pub const MAX_ID: usize = 255;
/// The longest given or family name of a roster, in characters.
pub const MAX_NAME: usize = 200;
/// The longest title of a class, in characters.
pub const MAX_TITLE: usize = 300;
/// The longest subject of a class, in characters.
pub const MAX_SUBJECT: usize = 200;
/// The longest code of a class, relationship of a contact, or search, in characters.
pub const MAX_WORDS: usize = 100;
/// The longest honorific or name of a role, in characters.
pub const MAX_WORD: usize = 50;
/// The longest typed or pasted email address, in characters, including a name before it or marks
/// around it.
pub const MAX_TYPED_ADDRESS: usize = 400;

/// Number of lines a text that may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lines {
    /// A name, a title, an id.
    One,
    /// A note.
    Many,
}

/// The reason why a text is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextError {
    /// It is too long.
    TooLong,
    /// It contains a character that is not allowed in a text of this kind.
    BadCharacter,
}

/// Checks a text of up to `max_chars` characters.
///
/// # Errors
/// [`TextError`].
pub fn check(text: &str, lines: Lines, max_chars: usize) -> Result<(), TextError> {
    if text.chars().count() > max_chars {
        return Err(TextError::TooLong);
    }
    if text.chars().any(|c| !is_allowed(c, lines)) { Err(TextError::BadCharacter) } else { Ok(()) }
}

/// Returns whether a text may contain this character: no control characters (C0, DEL, C1), except
/// tabs and line breaks in a text of many lines. PostgreSQL can't store NUL, and terminals, logs
/// and mail headers interpret the others.
#[must_use]
pub fn is_allowed(c: char, lines: Lines) -> bool {
    match c {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => lines == Lines::Many,
        _ => !c.is_control(),
    }
}

/// Returns whether a character is invisible by itself: Unicode's `Default_Ignorable_Code_Point`,
/// and line and paragraph separators. Copied texts contain them; two texts that differ only in one
/// look alike.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns whether this is a full stop of any width, as input methods write it (UTS 46 treats each
/// as the dot of a domain).
#[must_use]
pub const fn is_full_stop(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}' | '\u{fe52}')
}

/// The ASCII character of a fullwidth one; other characters unchanged.
#[must_use]
pub fn to_halfwidth(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_refused() {
        let check = |c: char, one: bool, many: bool| {
            assert_eq!(
                (is_allowed(c, Lines::One), is_allowed(c, Lines::Many)),
                (one, many),
                "{c:?}"
            );
        };
        for c in ['\0', '\u{1}', '\u{1b}', '\u{7f}', '\u{80}', '\u{9f}'] {
            check(c, false, false);
        }
        for c in ['\n', '\r', '\t', '\u{2028}'] {
            check(c, false, true);
        }
        for c in ['a', ' ', 'é', '王', '\u{200d}', '🌟'] {
            check(c, true, true);
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check("ééé", Lines::One, 3), Ok(()));
        assert_eq!(check("éééé", Lines::One, 3), Err(TextError::TooLong));
        assert_eq!(check("a\0", Lines::One, 3), Err(TextError::BadCharacter));
    }

    #[test]
    fn fullwidth_letters_are_mapped_to_ascii() {
        assert_eq!("Ａｂ９＠．　é".chars().map(to_halfwidth).collect::<String>(), "Ab9@. é");
    }
}
