//! The parsed contract as a tree, with `$ref`s resolved. Missing values read as empty; tests check
//! that none is missing.

use serde_norway::Value;

/// The HTTP methods of operations, in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The parsed contract.
pub struct Document {
    root: Value,
}

/// One operation of the contract.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    /// The HTTP method in lower case.
    pub method: &'a str,
    /// The path below the base URL.
    pub path: &'a str,
    /// The path item, with what all operations of the path share.
    pub shared: &'a Value,
    /// The operation itself.
    pub body: &'a Value,
}

impl Document {
    /// Parses the contract. Invalid YAML gives an empty contract.
    pub fn parse(yaml: &str) -> Self {
        Self { root: serde_norway::from_str(yaml).unwrap_or_default() }
    }

    /// The value at `path`, from the root.
    pub fn at(&self, path: &[&str]) -> &Value {
        path.iter().fold(&self.root, |value, key| get(value, key))
    }

    /// The value that `value` refers to by `$ref`, or `value` itself.
    pub fn follow<'a>(&'a self, value: &'a Value) -> &'a Value {
        match text(value, "$ref").strip_prefix("#/") {
            Some(pointer) => self.at(&pointer.split('/').collect::<Vec<_>>()),
            None => value,
        }
    }

    /// All operations, in the order of the contract.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        entries(self.at(&["paths"])).flat_map(|(path, shared)| {
            let with = METHODS.iter().map(|method| (*method, get(shared, method)));
            with.filter(|(_, body)| !body.is_null()).map(move |(method, body)| Operation {
                method,
                path,
                shared,
                body,
            })
        })
    }

    /// An operation's parameters, those of its path first.
    pub fn parameters<'a>(&'a self, operation: Operation<'a>) -> impl Iterator<Item = &'a Value> {
        let of = |value| items(get(value, "parameters"));
        of(operation.shared).chain(of(operation.body)).map(|parameter| self.follow(parameter))
    }
}

/// The member `key` of `value`, or null.
pub fn get<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

/// The string member `key` of `value`, or an empty string.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    get(value, key).as_str().unwrap_or_default()
}

/// The members of a mapping, in order.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_mapping()
        .into_iter()
        .flatten()
        .filter_map(|(key, member)| Some((key.as_str()?, member)))
}

/// The members of a list, in order.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().into_iter().flatten()
}

/// A value for display: a string without quotes, anything else as JSON.
pub fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| serde_json::to_string(value).unwrap_or_default(), str::to_owned)
}
