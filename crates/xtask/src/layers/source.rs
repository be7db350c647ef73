//! Parser of a crate's source files into modules: their declarations, re-exports and referenced
//! paths.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};

use super::tokens::{self, Token};

/// The path of a module or an item from the root of its crate.
pub type Way = Vec<String>;

/// One source file.
#[derive(Debug, Default)]
pub struct Module {
    /// Child modules in files of their own.
    pub children: BTreeSet<String>,
    /// Names that the module defines or declares.
    pub defines: BTreeSet<String>,
    /// Re-exported names, each with its origin.
    pub exports: BTreeMap<String, Way>,
    /// Modules that are re-exported completely (`pub use x::*`).
    pub exports_all: BTreeSet<Way>,
    /// Paths within the crate that the module uses.
    pub paths: BTreeSet<Way>,
}

/// Reads the crate with the root file `root` and returns its modules by path.
///
/// # Errors
/// If a file can't be read.
pub fn read_crate(root: &Path) -> Result<BTreeMap<Way, Module>> {
    let mut modules = BTreeMap::new();
    let folder = root.parent().context("a crate without a folder")?;
    let mut todo = vec![(Way::new(), root.to_owned())];
    while let Some((way, file)) = todo.pop() {
        let source =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let module = read_module(&way, &source);
        for child in &module.children {
            let child = [way.as_slice(), std::slice::from_ref(child)].concat();
            let base = folder.join(child.join("/"));
            let files = [base.with_extension("rs"), base.join("mod.rs")];
            // A module that a macro creates or that belongs to another target has no file.
            todo.extend(files.into_iter().find(|file| file.exists()).map(|file| (child, file)));
        }
        modules.insert(way, module);
    }
    Ok(modules)
}

/// Reads one source file.
pub fn read_module(way: &[String], source: &str) -> Module {
    let tokens = tokens::read(source);
    let mut module = Module::default();
    declarations(&tokens, &mut module);
    let mut reader = Reader { module, here: way.to_vec(), aliases: BTreeMap::new() };
    // Imports are read first, because an alias may be declared after its first use.
    reader.pass(&tokens, Pass::Uses);
    reader.pass(&tokens, Pass::Paths);
    reader.module
}

/// Records `mod x;` and each defined name.
fn declarations(tokens: &[Token], module: &mut Module) {
    const KEYWORDS: [&str; 8] = ["fn", "struct", "enum", "trait", "type", "const", "static", "mod"];
    for three in tokens.windows(3) {
        let [keyword, name, end] = three else { continue };
        let Some(word) = name.word() else { continue };
        if keyword.word().is_some_and(|keyword| KEYWORDS.contains(&keyword)) {
            module.defines.insert(word.to_owned());
            if keyword.is_word("mod") && end.is_sign(';') {
                module.children.insert(word.to_owned());
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Uses,
    Paths,
}

struct Reader {
    module: Module,
    /// The path of the current module, including inline ones.
    here: Way,
    /// Imported names with their origins.
    aliases: BTreeMap<String, Way>,
}

impl Reader {
    fn pass(&mut self, tokens: &[Token], pass: Pass) {
        let mut at = 0;
        let mut depth = 0_usize;
        let mut inline: Vec<usize> = Vec::new();
        while at < tokens.len() {
            match &tokens[at] {
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    if inline.last() == Some(&depth) {
                        inline.pop();
                        self.here.pop();
                    }
                }
                Token::Word(word) if word == "mod" => {
                    if let [_, Token::Word(name), Token::Sign('{'), ..] = &tokens[at..] {
                        inline.push(depth);
                        self.here.push(name.clone());
                    }
                }
                Token::Word(word) if word == "use" => at = self.using(tokens, at, pass),
                Token::Word(_) if pass == Pass::Paths => at += self.path(tokens, at),
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads the `use` at `at` and returns the position of its end.
    fn using(&mut self, tokens: &[Token], at: usize, pass: Pass) -> usize {
        // The `use<'a>` of a return type is no import.
        if tokens.get(at + 1).is_some_and(|next| next.is_sign('<')) {
            return at;
        }
        let end = tokens[at..].iter().position(|token| token.is_sign(';'));
        let end = end.map_or(tokens.len(), |end| at + end);
        if pass == Pass::Uses {
            self.import(&tokens[at + 1..end], is_public(&tokens[..at]));
        }
        end
    }

    /// Records the path that begins at `at`, if there is one, and returns the number of its tokens.
    fn path(&mut self, tokens: &[Token], at: usize) -> usize {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        let is_inside =
            before.is_some_and(|before| *before == Token::Separator || before.is_sign('.'));
        let mut words = Vec::new();
        let mut next = at;
        while let Some(word) = tokens.get(next).and_then(Token::word) {
            words.push(word.to_owned());
            match tokens.get(next + 1) {
                Some(Token::Separator) => next += 2,
                _ => break,
            }
        }
        if is_inside || words.len() < 2 {
            return 0;
        }
        let passed = 2 * words.len() - 2;
        if let Some(way) = self.absolute(&words) {
            self.module.paths.insert(way);
        }
        passed
    }

    /// The path from the crate's root; `None` if the path leads out of the crate.
    fn absolute(&self, words: &[String]) -> Option<Way> {
        let (first, rest) = words.split_first()?;
        let mut way = match first.as_str() {
            "crate" => Way::new(),
            "self" => self.here.clone(),
            "super" => self.here[..self.here.len().checked_sub(1)?].to_vec(),
            name => match self.aliases.get(name) {
                Some(way) => way.clone(),
                None if self.module.children.contains(name) => {
                    [self.here.as_slice(), std::slice::from_ref(first)].concat()
                }
                None => return None,
            },
        };
        for word in rest {
            match word.as_str() {
                "super" => drop(way.pop()?),
                "self" => {}
                _ => way.push(word.clone()),
            }
        }
        Some(way)
    }

    /// Reads the tree after `use`.
    fn import(&mut self, tokens: &[Token], public: bool) {
        for (words, name) in leaves(tokens) {
            let all = words.last().is_some_and(|word| word == "*");
            let words = &words[..words.len() - usize::from(all)];
            let Some(way) = self.absolute(words) else { continue };
            if all {
                if public {
                    self.module.exports_all.insert(way.clone());
                } else {
                    self.module.paths.insert([way.as_slice(), &["*".to_owned()]].concat());
                }
                continue;
            }
            if public {
                self.module.exports.insert(name.clone(), way.clone());
            } else {
                self.module.paths.insert(way.clone());
            }
            self.aliases.insert(name, way);
        }
    }
}

/// Returns whether the tokens end with `pub` or `pub(…)`.
fn is_public(before: &[Token]) -> bool {
    let mut rest = before;
    if rest.last().is_some_and(|last| last.is_sign(')')) {
        let open = rest.iter().rposition(|token| token.is_sign('(')).unwrap_or(0);
        rest = &rest[..open];
    }
    rest.last().is_some_and(|last| last.is_word("pub"))
}

/// The paths of a `use` tree, each with the name that it introduces.
fn leaves(tokens: &[Token]) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut prefixes: Vec<Vec<String>> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut name: Option<String> = None;
    let mut tokens = tokens.iter();
    let mut finish = |words: &[String], name: Option<String>| {
        let mut words = words.to_vec();
        if words.len() > 1 && words.last().is_some_and(|word| word == "self") {
            words.pop();
        }
        if let Some(last) = words.last().cloned() {
            found.push((words, name.unwrap_or(last)));
        }
    };
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) if word == "as" => {
                name = tokens.next().and_then(Token::word).map(str::to_owned);
            }
            Token::Word(word) => words.push(word.clone()),
            Token::Sign('*') => words.push("*".to_owned()),
            Token::Sign('{') => prefixes.push(words.clone()),
            Token::Sign(sign @ (',' | '}')) => {
                let prefix = prefixes.last().cloned().unwrap_or_default();
                if words.len() > prefix.len() {
                    finish(&words, name.take());
                }
                words = prefix;
                if *sign == '}' {
                    prefixes.pop();
                    // The brace has completed this path, so the next comma must not record it
                    // again.
                    words = prefixes.last().cloned().unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    if prefixes.is_empty() && !words.is_empty() {
        finish(&words, name);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(path: &str) -> Way {
        path.split("::").filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn paths(at: &str, source: &str) -> Vec<String> {
        read_module(&way(at), source).paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn a_tree_of_uses_is_read_leaf_by_leaf() {
        let source = "use crate::{a::{self, B, c::D as E}, f, g::*}; use other::h;";
        assert_eq!(paths("x", source), ["a", "a::B", "a::c::D", "f", "g::*"]);
    }

    #[test]
    fn paths_are_followed_from_where_they_stand() {
        let source = "use crate::store; mod c; fn f() { store::a::g(super::d::h, c::i, other::j) }";
        let found = paths("x::y", source);
        assert_eq!(found, ["store", "store::a::g", "x::d::h", "x::y::c::i"]);
        assert_eq!(paths("x", "mod m { use super::n::o; } use super::p::q;"), ["p::q", "x::n::o"]);
        assert_eq!(paths("x", "view! { <A b=crate::c::d() /> }"), ["c::d"]);
    }

    #[test]
    fn what_is_exported_is_no_use() {
        let module = read_module(&way("x"), "mod a; pub(crate) use a::B; pub use a::c::*;");
        assert!(module.paths.is_empty());
        assert_eq!(module.exports.get("B"), Some(&way("x::a::B")));
        assert!(module.exports_all.contains(&way("x::a::c")));
    }
}
