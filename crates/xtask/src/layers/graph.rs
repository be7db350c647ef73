//! Dependency graphs of a crate's modules, and the cycles in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source::{Module, Way};

/// Modules by name, each with the modules that it uses.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// A use of another module's item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The module that contains the use.
    pub from: String,
    /// The module whose file defines the item.
    pub to: String,
    /// The item's name in that module.
    pub item: String,
}

/// The name of a crate's root.
const ROOT: &str = "crate";

/// Lists the uses of each module. Re-exports are followed to the definition; a module's re-exports
/// of its own children do not count as uses.
pub fn uses(modules: &BTreeMap<Way, Module>) -> BTreeSet<Use> {
    let mut found = BTreeSet::new();
    for (from, module) in modules {
        let exported = module.exports.values().filter(|way| !way.starts_with(from));
        for way in module.paths.iter().chain(exported) {
            if let Some((to, item)) = owner(modules, way, 0).filter(|(to, _)| to != from) {
                found.insert(Use { from: name(from), to: name(&to), item });
            }
        }
    }
    found
}

/// The graph of files.
pub fn of_files(uses: &BTreeSet<Use>) -> Graph {
    let mut graph = Graph::new();
    for edge in uses {
        graph.entry(edge.from.clone()).or_default().insert(edge.to.clone());
    }
    graph
}

/// The graphs of the sibling modules of each folder, each module including its descendants. A use
/// counts in the folder where the paths of the two modules diverge. A use between a module and its
/// descendant counts nowhere: to Rust they are one unit, in which private items are visible.
pub fn of_siblings(uses: &BTreeSet<Use>) -> BTreeMap<String, Graph> {
    let mut graphs: BTreeMap<String, Graph> = BTreeMap::new();
    for edge in uses.iter().filter(|edge| edge.from != ROOT && edge.to != ROOT) {
        let (from, to): (Vec<_>, Vec<_>) =
            (edge.from.split("::").collect(), edge.to.split("::").collect());
        let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        if common < from.len() && common < to.len() {
            let graph = graphs.entry(from[..common].join("::")).or_default();
            let (from, to) = (from[..=common].join("::"), to[..=common].join("::"));
            graph.entry(from).or_default().insert(to);
        }
    }
    graphs
}

fn name(way: &[String]) -> String {
    if way.is_empty() { ROOT.to_owned() } else { way.join("::") }
}

/// The module whose file defines the item at `way`, and the item; `None` if `way` is a module.
fn owner(modules: &BTreeMap<Way, Module>, way: &[String], hops: u8) -> Option<(Way, String)> {
    let at = (0..=way.len()).rev().find(|length| modules.contains_key(&way[..*length]))?;
    let (home, rest) = way.split_at(at);
    let (item, rest) = rest.split_first()?;
    let module = &modules[home];
    let here = || Some((home.to_owned(), item.clone()));
    // Cyclic re-exports don't compile; this limit guards against misread sources.
    if hops > 8 || module.defines.contains(item) {
        return here();
    }
    if let Some(real) = module.exports.get(item) {
        let way = [real.as_slice(), rest].concat();
        // A re-export of a whole module, or of another crate's item, counts as a definition.
        return owner(modules, &way, hops + 1).or_else(here);
    }
    let defines = |all: &&Way| {
        modules.get(*all).is_some_and(|module| {
            module.defines.contains(item) || module.exports.contains_key(item)
        })
    };
    match module.exports_all.iter().find(defines) {
        Some(all) => {
            owner(modules, &[all.as_slice(), std::slice::from_ref(item), rest].concat(), hops + 1)
        }
        None => here(),
    }
}

/// The cycles: sets of modules that can all reach each other.
pub fn circles(graph: &Graph) -> Vec<BTreeSet<&str>> {
    let mut found: Vec<BTreeSet<&str>> = Vec::new();
    for from in graph.keys() {
        let reached = reachable(graph, from);
        if reached.contains(from.as_str()) && !found.iter().any(|one| one.contains(from.as_str())) {
            let back = |to: &&str| reachable(graph, to).contains(from.as_str());
            found.push(reached.into_iter().filter(back).collect());
        }
    }
    found
}

/// All modules that `from` uses directly or indirectly.
fn reachable<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut todo: Vec<&str> = vec![from];
    while let Some(here) = todo.pop() {
        for to in graph.get(here).into_iter().flatten() {
            if seen.insert(to.as_str()) {
                todo.push(to);
            }
        }
    }
    seen
}

/// The shortest cycle in the graph, from a module back to itself.
pub fn shortest_circle(graph: &Graph) -> Option<Vec<String>> {
    let circles = graph.keys().filter_map(|from| way_back(graph, from));
    circles.min_by_key(Vec::len)
}

/// The shortest path from `from` back to itself.
fn way_back(graph: &Graph, from: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut todo = VecDeque::from([from]);
    while let Some(here) = todo.pop_front() {
        for to in graph.get(here).into_iter().flatten() {
            if came_from.contains_key(to.as_str()) {
                continue;
            }
            came_from.insert(to, here);
            if to != from {
                todo.push_back(to);
                continue;
            }
            let mut way = vec![from.to_owned()];
            let mut at = here;
            while at != from {
                way.push(at.to_owned());
                at = came_from[at];
            }
            way.push(from.to_owned());
            way.reverse();
            return Some(way);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::source::read_module;

    fn uses_of(files: &[(&str, &str)]) -> Vec<String> {
        let way = |path: &str| -> Way {
            path.split("::").filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let modules =
            files.iter().map(|(path, source)| (way(path), read_module(&way(path), source)));
        let uses = uses(&modules.collect());
        uses.iter().map(|edge| format!("{} -> {}::{}", edge.from, edge.to, edge.item)).collect()
    }

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    #[test]
    fn re_exports_are_followed_to_the_definition() {
        let files = [
            ("", "mod a; mod b;"),
            ("a", "mod c; pub use c::D; pub use c::e::*; pub use other::F;"),
            ("a::c", "pub mod e; pub struct D;"),
            ("a::c::e", "pub fn g() {}"),
            ("b", "use crate::a::{self, D}; fn f() { a::g(); a::F::h() }"),
        ];
        assert_eq!(uses_of(&files), ["b -> a::F", "b -> a::c::D", "b -> a::c::e::g"]);
    }

    #[test]
    fn a_use_counts_where_the_ways_part() {
        let edge = |from: &str, to: &str| Use {
            from: from.to_owned(),
            to: to.to_owned(),
            item: "x".to_owned(),
        };
        let uses =
            [edge("a::b::c", "a::d"), edge("a::b", "e"), edge("a::b", "a"), edge("crate", "a")];
        let graphs = of_siblings(&uses.into());
        assert_eq!(graphs[""], graph(&[("a", "e")]));
        assert_eq!(graphs["a"], graph(&[("a::b", "a::d")]));
        assert_eq!(graphs.len(), 2);
    }

    #[test]
    fn a_circle_is_found_and_its_shortest_way_shown() {
        let graph =
            graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("b", "a"), ("d", "e")]);
        assert_eq!(circles(&graph), [BTreeSet::from(["a", "b", "c"])]);
        assert_eq!(shortest_circle(&graph), Some(["a", "b", "a"].map(str::to_owned).into()));
    }
}
