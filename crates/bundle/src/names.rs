//! Short names for the functions that the web app imports from `app.js`: wasm-bindgen's names end
//! with a hash, which does not compress.

use std::collections::BTreeMap;

/// The shortest possible new names, one for each name that the script defines exactly once; the
/// others stay.
pub fn short_names(
    script: &str,
    names: impl IntoIterator<Item = String>,
) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words(script) {
        *counts.entry(word).or_default() += 1;
    }
    let once = names.into_iter().filter(|name| counts.get(name.as_str()) == Some(&1));
    once.enumerate().map(|(number, name)| (name, short(number))).collect()
}

/// The script with these names replaced.
pub fn replace_names(script: &str, names: &BTreeMap<String, String>) -> String {
    words(script).map(|word| names.get(word).map_or(word, String::as_str)).collect()
}

/// The words of a script and the text between them, in order; concatenated they are the script.
fn words(script: &str) -> impl Iterator<Item = &str> {
    let of_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$');
    let mut rest = script;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|letter| of_word(letter) != of_word(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// `a`, `b`, … `z`, `aa`, …
fn short(number: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    if number < 26 { letter.into() } else { short(number / 26 - 1) + &letter.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_at_word_boundaries() {
        let script = "const import0 = { __wbg_get_1f: function(a) { return a.get; }, \
                      __wbg_get_1f0: f, __wbg_twice_2a: g, \"__wbg_twice_2a\": 1 };";
        let names = short_names(
            script,
            ["__wbg_get_1f", "__wbg_get_1f0", "__wbg_twice_2a", "__wbg_gone_3b"].map(String::from),
        );
        assert_eq!(names.len(), 2, "names with no or several definitions stay");
        let short = replace_names(script, &names);
        assert_eq!(
            short,
            "const import0 = { a: function(a) { return a.get; }, b: f, __wbg_twice_2a: g, \
             \"__wbg_twice_2a\": 1 };"
        );
    }

    #[test]
    fn short_names_are_unique() {
        let names: std::collections::BTreeSet<String> = (0..2000).map(short).collect();
        assert_eq!(names.len(), 2000);
        assert_eq!(
            [short(0), short(25), short(26), short(701), short(702)],
            ["a", "z", "aa", "zz", "aaa"]
        );
    }
}
