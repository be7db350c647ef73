//! Check of module dependencies: cycles and layer rules, with an allow-list
//! (`crates/xtask/layers.txt`).

mod allowed;
mod graph;
mod rules;
mod source;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::paths::Paths;
use allowed::{Allowance, Kind};
use graph::{Graph, Use};

/// The crates with their root files.
const CRATES: &[(&str, &str)] = &[
    ("api", "api/src/lib.rs"),
    ("bench", "crates/bench/src/main.rs"),
    ("browser", "crates/browser/src/lib.rs"),
    ("bundle", "crates/bundle/src/main.rs"),
    ("domain", "crates/domain/src/lib.rs"),
    ("roster", "crates/roster/src/lib.rs"),
    ("tests", "tests/suite/main.rs"),
    ("web", "web/src/main.rs"),
    ("wire", "crates/wire/src/lib.rs"),
    ("xtask", "crates/xtask/src/main.rs"),
];

/// The path of the allow-list in the checkout.
const LIST: &str = "crates/xtask/layers.txt";

/// The violations, and the allowances in use.
#[derive(Default)]
struct Findings {
    /// The violations, in sentences.
    wrong: Vec<String>,
    /// The allowances that are in use.
    needed: BTreeSet<Allowance>,
}

/// Fails on a use that breaks a layer, on a cycle of modules, and on an unused allowance. Prints
/// the number of cycles.
///
/// # Errors
/// All violations, with the lines that would allow them.
pub fn check(paths: &Paths) -> Result<()> {
    let allowed = allowed::read(&paths.root.join(LIST))?;
    let mut findings = Findings::default();
    for (krate, root) in CRATES {
        let modules = source::read_crate(&paths.root.join(root))?;
        let known: BTreeSet<String> = modules.keys().map(|way| way.join("::")).collect();
        let uses = graph::uses(&modules);
        count(krate, &uses);
        layers(krate, &uses, &known, &allowed, &mut findings);
        for graph in graph::of_siblings(&uses).into_values() {
            circles(krate, graph, &allowed, &mut findings);
        }
    }
    for stale in allowed.difference(&findings.needed) {
        findings.wrong.push(format!("nothing needs this line any more: {stale}"));
    }
    if !findings.wrong.is_empty() {
        bail!("mend these, or allow them with a reason in {LIST}:\n{}", findings.wrong.join("\n"));
    }
    Ok(())
}

/// Prints the cycles of a crate, including the allowed ones.
fn count(krate: &str, uses: &BTreeSet<Use>) {
    let sizes =
        |graph: &Graph| -> Vec<usize> { graph::circles(graph).iter().map(BTreeSet::len).collect() };
    let mut siblings = graph::of_siblings(uses);
    let top = sizes(&siblings.remove("").unwrap_or_default());
    let below: Vec<usize> = siblings.values().flat_map(sizes).collect();
    let files = sizes(&graph::of_files(uses));
    if !files.is_empty() || !top.is_empty() || !below.is_empty() {
        println!(
            "{krate}: modules in circles: at the top {top:?}, within folders {below:?}, as single \
             files with those above them {files:?}"
        );
    }
}

/// Finds uses that a layer rule forbids.
fn layers(
    krate: &str,
    uses: &BTreeSet<Use>,
    known: &BTreeSet<String>,
    allowed: &BTreeSet<Allowance>,
    findings: &mut Findings,
) {
    let rules: Vec<_> = rules::RULES.iter().filter(|rule| rule.krate == krate).collect();
    for name in rules.iter().flat_map(|rule| rule.names()).filter(|name| !known.contains(*name)) {
        findings.wrong.push(format!("{krate}: a layer's rule names {name}, which is no module"));
    }
    for edge in uses {
        let item = format!("{}::{}", edge.to, edge.item);
        let broken = rules.iter().find(|rule| rule.forbids(&edge.from, &item));
        let why = broken.map(|rule| rule.why).or_else(|| {
            let between = krate == "api" && rules::between_operations(&edge.from, &edge.to);
            between.then_some(rules::BETWEEN_OPERATIONS)
        });
        let Some(why) = why else { continue };
        let allowance = allowance(Kind::Layer, krate, &edge.from, &edge.to);
        let is_new = findings.needed.insert(allowance.clone());
        if is_new && !allowed.contains(&allowance) {
            findings.wrong.push(format!("{allowance} uses {}: {why}", edge.item));
        }
    }
}

/// Finds cycles among the modules of a folder, ignoring the allowed uses.
fn circles(krate: &str, mut graph: Graph, allowed: &BTreeSet<Allowance>, findings: &mut Findings) {
    let own = allowed.iter().filter(|line| line.kind == Kind::Circle && line.krate == krate);
    let mut cut = Vec::new();
    for line in own {
        if graph.get_mut(&line.from).is_some_and(|uses| uses.remove(&line.to)) {
            cut.push(line);
        }
    }
    while let Some(way) = graph::shortest_circle(&graph) {
        let (from, to) = upward(&graph, &way);
        let line = allowance(Kind::Circle, krate, &from, &to);
        findings.wrong.push(format!("{line} closes the circle {}", way.join(" -> ")));
        graph.entry(from).or_default().remove(&to);
    }
    // An allowance is in use if its use alone closes a cycle.
    for line in cut {
        graph.entry(line.from.clone()).or_default().insert(line.to.clone());
        if graph::shortest_circle(&graph).is_some() {
            findings.needed.insert(line.clone());
        }
        graph.entry(line.from.clone()).or_default().remove(&line.to);
    }
}

/// The use in a cycle that most likely has the wrong direction: from a module that many use to one
/// that uses many.
fn upward(graph: &Graph, way: &[String]) -> (String, String) {
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    for to in graph.values().flatten() {
        *users.entry(to).or_default() += 1;
    }
    let height = |name: &str| -> isize {
        let uses = graph.get(name).map_or(0, BTreeSet::len);
        uses.cast_signed() - users.get(name).copied().unwrap_or(0).cast_signed()
    };
    let steps = way.windows(2).map(|step| (step[0].clone(), step[1].clone()));
    steps.max_by_key(|(from, to)| height(to) - height(from)).unwrap_or_default()
}

fn allowance(kind: Kind, krate: &str, from: &str, to: &str) -> Allowance {
    Allowance { kind, krate: krate.to_owned(), from: from.to_owned(), to: to.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(edges: &[(&str, &str)], lines: &[(&str, &str)]) -> (Vec<String>, usize) {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        let lines = lines.iter().map(|(from, to)| allowance(Kind::Circle, "api", from, to));
        let allowed: BTreeSet<Allowance> = lines.collect();
        let mut findings = Findings::default();
        circles("api", graph, &allowed, &mut findings);
        (findings.wrong, allowed.difference(&findings.needed).count())
    }

    #[test]
    fn a_circle_is_wrong_until_a_line_allows_it() {
        let edges = [("a", "b"), ("b", "a"), ("b", "c")];
        let (wrong, _) = found(&edges, &[]);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].ends_with("closes the circle a -> b -> a"), "{wrong:?}");
        assert_eq!(found(&edges, &[("b", "a")]), (vec![], 0));
    }

    #[test]
    fn a_line_that_closes_no_circle_is_stale() {
        let (wrong, stale) = found(&[("a", "b")], &[("b", "a"), ("a", "b")]);
        assert_eq!((wrong, stale), (vec![], 2));
    }

    #[test]
    fn a_layer_is_enforced_and_its_modules_must_exist() {
        let edge = |item: &str| Use {
            from: "components::panel".to_owned(),
            to: "api".to_owned(),
            item: item.to_owned(),
        };
        let known: BTreeSet<String> =
            ["api", "components", "pages"].map(str::to_owned).into_iter().collect();
        let mut findings = Findings::default();
        let uses = BTreeSet::from([edge("Failure"), edge("get_me"), edge("get_school")]);
        layers("web", &uses, &known, &BTreeSet::new(), &mut findings);
        let expected = [
            "layer web: components::panel -> api uses get_me: components take props and fetch \
             nothing; pages fetch",
            "web: a layer's rule names texts, which is no module",
        ];
        findings.wrong.sort();
        assert_eq!(findings.wrong, expected);
    }
}
