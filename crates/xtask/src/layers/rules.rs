//! Layer rules: forbidden uses between modules, from ARCHITECTURE.md's invariants.

/// A rule about uses within a crate.
pub struct Rule {
    /// The crate.
    pub krate: &'static str,
    /// The modules to which the rule applies, including their descendants. Empty: every module.
    pub from: &'static [&'static str],
    /// Modules to which the rule does not apply.
    pub but_not: &'static [&'static str],
    /// The forbidden modules, including their descendants.
    pub to: &'static [&'static str],
    /// Exceptions among the forbidden modules.
    pub except: &'static [&'static str],
    /// The invariant.
    pub why: &'static str,
}

/// All rules, except the one about operations, which is `between_operations`.
pub const RULES: &[Rule] = &[
    Rule {
        krate: "api",
        from: &["store"],
        but_not: &[],
        to: &[
            "app",
            "auth",
            "calls",
            "web_app",
            "connections",
            "demo",
            "evening_file",
            "handlers",
            "mail",
            "precondition",
            "problem",
            "request",
            "roster",
            "routes",
            "server",
            "views",
            "webhooks",
        ],
        except: &[],
        why: "store is below everything that serves, sends or reads files",
    },
    Rule {
        krate: "api",
        from: &[],
        but_not: &["store", "demo"],
        to: &["schema"],
        except: &[],
        why: "only store talks to the database, and demo, which fills one",
    },
    Rule {
        krate: "api",
        from: &[],
        but_not: &["handlers", "routes"],
        to: &["handlers"],
        except: &[],
        why: "only the route table knows the handlers",
    },
    Rule {
        krate: "api",
        from: &["views"],
        but_not: &[],
        to: &["app", "auth", "problem", "request"],
        except: &[],
        why: "views turn what the store answers into shapes, and know nothing of the request",
    },
    Rule {
        krate: "web",
        from: &["components"],
        but_not: &[],
        to: &["api", "pages"],
        except: &["api::ApiResult", "api::Failure"],
        why: "components take props and fetch nothing; pages fetch",
    },
    Rule {
        krate: "web",
        from: &["api", "texts"],
        but_not: &[],
        to: &["components", "pages"],
        except: &[],
        why: "the API's client and the texts know no page",
    },
];

impl Rule {
    /// Returns whether the rule forbids `from` to use `to`, which is the path of an item.
    pub fn forbids(&self, from: &str, to: &str) -> bool {
        let any = |names: &[&str], name: &str| names.iter().any(|above| is_within(name, above));
        (self.from.is_empty() || any(self.from, from))
            && !any(self.but_not, from)
            && any(self.to, to)
            && !any(self.except, to)
    }

    /// The modules that the rule names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.from, self.but_not, self.to].into_iter().flatten().copied()
    }
}

/// Returns whether an operation of the server uses another operation. Code that operations of a
/// resource share belongs in the resource's own module, above them.
pub fn between_operations(from: &str, to: &str) -> bool {
    let is_operation = |name: &str| name.starts_with("handlers::");
    is_operation(from) && is_operation(to) && !is_within(from, to) && !is_within(to, from)
}

/// The invariant of `between_operations`.
pub const BETWEEN_OPERATIONS: &str = "handlers import nothing from each other";

/// Returns whether `name` is `above` or a descendant of it.
pub fn is_within(name: &str, above: &str) -> bool {
    name.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_forbids_by_whole_names() {
        let components = RULES.iter().find(|rule| rule.from == ["components"]).unwrap();
        let check = |from: &str, to: &str, expected: bool| {
            assert_eq!(components.forbids(from, to), expected, "{from} -> {to}");
        };
        check("components::panel", "api::get_me", true);
        check("components::panel", "api::Failure", false);
        check("components::panel", "apiary::get_me", false);
        check("pages::book", "api::get_me", false);
    }

    #[test]
    fn operations_may_use_what_stands_above_them() {
        let check = |to: &str, expected: bool| {
            assert_eq!(between_operations("handlers::bookings::change", to), expected, "{to}");
        };
        check("handlers::bookings", false);
        check("handlers", false);
        check("handlers::bookings::create", true);
        check("handlers::calls", true);
        check("store::bookings", false);
    }
}
