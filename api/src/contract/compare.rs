//! Compares two versions of the contract and finds changes that break clients of the older one. New
//! operations, optional fields, error codes and enum values in responses break nothing
//! (openapi.yaml, "Requests and answers"). The schemas of errors are not compared, because clients
//! tell errors apart by their codes.

use std::collections::BTreeSet;

use serde_norway::Value;

use super::document::{Document, Operation, entries, get, items, text, words};

/// Two contracts, and the breaking changes found so far.
struct Comparison<'a> {
    old: &'a Document,
    new: &'a Document,
    /// Pairs of referenced schemas that were compared already or are being compared.
    seen: BTreeSet<(String, String, Direction)>,
    found: Vec<String>,
}

/// The direction in which a value is sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    /// Sent by clients: what was accepted must still be accepted.
    Request,
    /// Received by clients: it must still be what they know.
    Answer,
}

/// Every breaking change, with the operation and the place in it.
pub fn breaks(old: &Document, new: &Document) -> Vec<String> {
    let mut comparison = Comparison { old, new, seen: BTreeSet::new(), found: Vec::new() };
    for before in old.operations() {
        let place = format!("{} {}", before.method.to_uppercase(), before.path);
        match new.operations().find(|now| now.method == before.method && now.path == before.path) {
            Some(now) => comparison.operation(&place, before, now),
            None => comparison.found.push(format!("{place}: is gone")),
        }
    }
    comparison.found
}

impl Comparison<'_> {
    fn note(&mut self, place: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{place}: {what}"));
    }

    fn operation(&mut self, place: &str, before: Operation<'_>, now: Operation<'_>) {
        let (old, new) = (self.old, self.new);
        if text(before.body, "operationId") != text(now.body, "operationId") {
            self.note(place, "has another operationId");
        }
        for way in items(get(before.body, "security")) {
            if !items(get(now.body, "security")).any(|known| known == way) {
                self.note(place, format!("may not be called any more by {}", words(way)));
            }
        }
        let is_open = |operation: &Value| items(get(operation, "security")).next().is_none();
        if is_open(before.body) && !is_open(now.body) {
            self.note(place, "is not open to everybody any more");
        }
        let name = |parameter: &Value| {
            (text(parameter, "in").to_owned(), text(parameter, "name").to_owned())
        };
        for parameter in old.parameters(before) {
            match new.parameters(now).find(|known| name(known) == name(parameter)) {
                Some(known) => self.schema(
                    &format!("{place} {}", text(parameter, "name")),
                    get(parameter, "schema"),
                    get(known, "schema"),
                    Direction::Request,
                ),
                None => {
                    self.note(place, format!("does not take {} any more", text(parameter, "name")))
                }
            }
        }
        let known: BTreeSet<_> =
            old.parameters(before).filter(|parameter| is_required(parameter)).map(name).collect();
        for parameter in new
            .parameters(now)
            .filter(|parameter| is_required(parameter) && !known.contains(&name(parameter)))
        {
            self.note(place, format!("needs {} now", text(parameter, "name")));
        }
        let (was_asked, asks) =
            (old.follow(get(before.body, "requestBody")), new.follow(get(now.body, "requestBody")));
        if is_required(asks) && !is_required(was_asked) {
            self.note(place, "needs a body now");
        }
        self.contents(&format!("{place} body"), was_asked, asks, Direction::Request);
        for (status, answer) in entries(get(before.body, "responses"))
            .filter(|(status, _)| status.starts_with(['2', '3']))
        {
            let known = get(get(now.body, "responses"), status);
            if known.is_null() {
                self.note(place, format!("answers {status} no more"));
                continue;
            }
            self.contents(
                &format!("{place} {status}"),
                old.follow(answer),
                new.follow(known),
                Direction::Answer,
            );
        }
    }

    fn contents(&mut self, place: &str, before: &Value, now: &Value, direction: Direction) {
        for (kind, content) in entries(get(before, "content")) {
            let known = get(get(now, "content"), kind);
            if known.is_null() {
                self.note(place, format!("is {kind} no more"));
            } else {
                self.schema(place, get(content, "schema"), get(known, "schema"), direction);
            }
        }
    }

    fn schema(&mut self, place: &str, before: &Value, now: &Value, direction: Direction) {
        let (was, is) = (text(before, "$ref").to_owned(), text(now, "$ref").to_owned());
        let is_named = !was.is_empty() || !is.is_empty();
        if is_named && !self.seen.insert((was, is, direction)) {
            return;
        }
        let (before, now) = (self.old.follow(before), self.new.follow(now));
        for key in ["type", "format", "const"] {
            if get(before, key) != get(now, key)
                && !(direction == Direction::Request && get(now, key).is_null())
            {
                self.note(
                    place,
                    format!(
                        "its {key} was {} and is {}",
                        words(get(before, key)),
                        words(get(now, key))
                    ),
                );
            }
        }
        if direction == Direction::Request {
            self.bounds(place, before, now);
        }
        self.object(place, before, now, direction);
        if !get(before, "items").is_null() {
            self.schema(&format!("{place}[]"), get(before, "items"), get(now, "items"), direction);
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            let (parts, known) = (items(get(before, key)).count(), items(get(now, key)).count());
            if known < parts {
                self.note(place, format!("has fewer {key}"));
            }
            for (before, now) in items(get(before, key)).zip(items(get(now, key))) {
                self.schema(place, before, now, direction);
            }
        }
    }

    /// Finds limits that are stricter than before: values that were accepted must still be
    /// accepted.
    fn bounds(&mut self, place: &str, before: &Value, now: &Value) {
        let number = |value: &Value, key: &str| get(value, key).as_f64();
        for key in ["maximum", "maxLength", "maxItems"] {
            if number(now, key)
                .is_some_and(|now| number(before, key).is_none_or(|before| now < before))
            {
                self.note(place, format!("its {key} is smaller"));
            }
        }
        for key in ["minimum", "minLength", "minItems"] {
            if number(now, key)
                .is_some_and(|now| number(before, key).is_none_or(|before| now > before))
            {
                self.note(place, format!("its {key} is greater"));
            }
        }
        if !get(now, "pattern").is_null() && get(now, "pattern") != get(before, "pattern") {
            self.note(place, "has another pattern");
        }
        let known: Vec<&Value> = items(get(now, "enum")).collect();
        for value in
            items(get(before, "enum")).filter(|value| !known.is_empty() && !known.contains(value))
        {
            self.note(place, format!("does not take {} any more", words(value)));
        }
        if get(before, "enum").is_null() && !known.is_empty() {
            self.note(place, "takes only some values now");
        }
    }

    fn object(&mut self, place: &str, before: &Value, now: &Value, direction: Direction) {
        let required = |schema| {
            items(get(schema, "required"))
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
        };
        let (was_required, is_required) = (required(before), required(now));
        let broken = match direction {
            Direction::Request => is_required.difference(&was_required),
            Direction::Answer => was_required.difference(&is_required),
        };
        for field in broken {
            self.note(
                place,
                format!(
                    "{field} {}",
                    if direction == Direction::Request {
                        "is needed now"
                    } else {
                        "may be absent now"
                    }
                ),
            );
        }
        for (field, schema) in entries(get(before, "properties")) {
            let known = get(get(now, "properties"), field);
            if known.is_null() {
                self.note(place, format!("{field} is gone"));
            } else {
                self.schema(&format!("{place}.{field}"), schema, known, direction);
            }
        }
    }
}

fn is_required(value: &Value) -> bool {
    get(value, "required").as_bool() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::yaml;

    const RELEASED: &str = include_str!("../../../docs/released/openapi.yaml");

    #[test]
    fn contract_is_compatible_with_the_last_release() {
        let found = breaks(&Document::parse(RELEASED), &Document::parse(yaml()));
        assert!(found.is_empty(), "this breaks clients: {found:#?}");
    }

    const SMALL: &str = "
paths:
  /things:
    get:
      operationId: list_things
      security: [{ session: [] }, { program: ['things:read'] }]
      parameters:
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 100 } }
        - { name: kind, in: query, schema: { type: string, enum: [a, b] } }
      responses:
        '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Page' } } } }
    post:
      operationId: make_thing
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } \
                         } } }
      responses:
        '201': { content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } } \
                         }
        '422': { description: No. }
components:
  schemas:
    Page: { type: object, required: [items], properties: { items: { type: array, items: { $ref: \
                         '#/components/schemas/Thing' } } } }
    Thing: { type: object, required: [id], properties: { id: { type: string }, state: { type: \
                         string, enum: [on, off] }, of: { $ref: '#/components/schemas/Thing' } } }
";

    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        assert!(SMALL.contains(from), "{from:?} is not in the example");
        let found = breaks(&Document::parse(SMALL), &Document::parse(&SMALL.replacen(from, to, 1)));
        assert_eq!(found, expected, "{from:?} became {to:?}");
    }

    #[test]
    fn breaking_changes_are_detected() {
        check("    post:", "    put:", &["POST /things: is gone"]);
        check(
            "operationId: make_thing",
            "operationId: create_thing",
            &["POST /things: has another operationId"],
        );
        check(
            "things:read",
            "things:all",
            &["GET /things: may not be called any more by {\"program\":[\"things:read\"]}"],
        );
        check(
            "      operationId: make_thing\n",
            "      operationId: make_thing\n      security: [{ session: [] }]\n",
            &["POST /things: is not open to everybody any more"],
        );
        check("name: limit", "name: size", &["GET /things: does not take limit any more"]);
        check(
            "in: query, schema: { type: integer",
            "in: query, required: true, schema: { type: integer",
            &["GET /things: needs limit now"],
        );
        check("maximum: 100", "maximum: 50", &["GET /things limit: its maximum is smaller"]);
        check("enum: [a, b]", "enum: [a]", &["GET /things kind: does not take b any more"]);
        check(
            "requestBody: {",
            "requestBody: { required: true,",
            &["POST /things: needs a body now"],
        );
        check("'201'", "'200'", &["POST /things: answers 201 no more"]);
        check("required: [items], ", "", &["GET /things 200: items may be absent now"]);
        check(
            "type: array",
            "type: object",
            &["GET /things 200.items: its type was array and is object"],
        );
        check(
            "required: [id]",
            "required: [id, state]",
            &["POST /things body: state is needed now"],
        );
        check(
            "id: { type: string }, ",
            "",
            &["GET /things 200.items[]: id is gone", "POST /things body: id is gone"],
        );
    }

    #[test]
    fn additive_changes_are_compatible() {
        check("type: string, enum: [on, off]", "type: string, enum: [on, off, broken]", &[]);
        check("maximum: 100", "maximum: 1000", &[]);
        check("properties: { id:", "properties: { name: { type: string }, id:", &[]);
        check("        '422': { description: No. }\n", "", &[]);
        check(
            "        - { name: kind, in",
            "        - { name: sort, in: query }\n        - { name: kind, in",
            &[],
        );
    }
}
