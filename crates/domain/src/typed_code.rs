//! Normalisation of typed codes: digits of any script, with punctuation that was copied along.

use crate::text::{is_invisible, to_halfwidth};

/// The zero of each run of ten decimal digits in Unicode 16 (general category Nd), except ASCII.
const DIGIT_ZEROS: [u32; 75] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0,
    0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50,
    0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8,
    0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// The code without the characters that people and programs put around and between its characters:
/// blanks, hyphens, dashes and invisible characters. Digits of any script and fullwidth letters
/// become ASCII; all other characters stay, so that a wrong code stays wrong.
#[must_use]
pub fn normalize(typed: &str) -> String {
    let kept = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c) && !is_dash(*c));
    kept.map(|c| digit(c).unwrap_or_else(|| to_halfwidth(c))).collect()
}

fn digit(c: char) -> Option<char> {
    let zero = DIGIT_ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&u32::from(c)))?;
    char::from_digit(u32::from(c) - zero, 10)
}

const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_digits_of_any_script_are_normalized() {
        let check = |typed: &str, code: &str| assert_eq!(normalize(typed), code, "{typed:?}");
        check("123456", "123456");
        check(" 123 456\n", "123456");
        check("123-456", "123456");
        check("123–456", "123456");
        check("１２３４５６", "123456");
        check("١٢٣٤٥٦", "123456");
        check("۱۲۳۴۵۶", "123456");
        check("१२३४५६", "123456");
        check("১২৩৪৫৬", "123456");
        check("๑๒๓๔๕๖", "123456");
        check("𝟏𝟐𝟑𝟒𝟓𝟔", "123456");
        check("\u{200e}123\u{200b}\u{a0}456\u{feff}", "123456");
        check("\u{202d}123456\u{202c}", "123456");
        check("1\u{ad}23\u{2060}456", "123456");
        check("ＡＢ-１２", "AB12");
        check("12a456", "12a456");
        check("", "");
    }

    #[test]
    fn every_unicode_digit_maps_to_its_value() {
        for zero in DIGIT_ZEROS {
            for value in 0..10 {
                let c = char::from_u32(zero + value).unwrap();
                assert_eq!(digit(c), char::from_digit(value, 10), "{c:?}");
                assert!(c.is_numeric(), "{zero:x}");
            }
        }
        let all =
            (0x80..=0x0010_ffff).filter_map(char::from_u32).filter(|c| digit(*c).is_some()).count();
        assert_eq!(all, DIGIT_ZEROS.len() * 10);
    }
}
