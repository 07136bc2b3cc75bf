//! The order of the source: modules do not import each other in circles, and files stay short.
//!
//! The files and folders of one folder are compared with each other, and so are the folders below `src`. A module that
//! declares others may name them, and they it. Unit tests may import what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{ItemMod, ItemUse, UseTree, Visibility};

const MAX_LINES: usize = 400;

/// The names that lead to a module or an item, from the root of the crate.
type Names = Vec<String>;

/// What one file imports and exports.
#[derive(Default)]
struct Module {
    imports: Vec<Names>,
    /// Names that the module re-exports, and what they stand for.
    exports: BTreeMap<String, Names>,
}

/// Collects the names in one file.
struct Reader<'a> {
    own: &'a Names,
    modules: &'a BTreeSet<Names>,
    module: Module,
}

impl Reader<'_> {
    /// The names from the root on; nothing for other crates and local names.
    fn absolute(&self, path: &[String]) -> Option<Names> {
        let above = path.iter().take_while(|name| *name == "super").count();
        let rest = &path[above..];
        let base = match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => return Some([self.own, &path[1..]].concat()),
            "super" => &self.own[..self.own.len().checked_sub(above)?],
            first => {
                let child = [&self.own[..], &[first.to_owned()]].concat();
                self.modules.contains(&child).then_some(&self.own[..])?
            }
        };
        Some([base, rest].concat())
    }

    fn tree(&mut self, tree: &UseTree, before: &[String], exported: bool) {
        let (path, name) = match tree {
            UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                return self.tree(&path.tree, &before, exported);
            }
            UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.tree(tree, before, exported));
            }
            UseTree::Glob(_) => (before.to_vec(), None),
            UseTree::Name(name) if name.ident == "self" => (before.to_vec(), None),
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                ([before, std::slice::from_ref(&name)].concat(), Some(name))
            }
            UseTree::Rename(rename) => {
                let path = [before, &[rename.ident.to_string()]].concat();
                (path, Some(rename.rename.to_string()))
            }
        };
        if let Some(path) = self.absolute(&path) {
            if let (true, Some(name)) = (exported, name) {
                self.module.exports.insert(name, path.clone());
            }
            self.module.imports.push(path);
        }
    }
}

impl Visit<'_> for Reader<'_> {
    fn visit_item_use(&mut self, item: &ItemUse) {
        let exported = !matches!(item.vis, Visibility::Inherited);
        self.tree(&item.tree, &[], exported);
    }

    fn visit_item_mod(&mut self, item: &ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Path>()
                    .is_ok_and(|path| path.is_ident("test"))
        };
        if !item.attrs.iter().any(is_test) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    /// The path behind `pub(in ..)` imports nothing.
    fn visit_visibility(&mut self, _: &Visibility) {}

    fn visit_path(&mut self, path: &syn::Path) {
        let names: Names = path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        if names.len() > 1
            && let Some(path) = self.absolute(&names)
        {
            self.module.imports.push(path);
        }
        syn::visit::visit_path(self, path);
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name();
    let paths = entries.into_iter().map(|entry| entry.unwrap().into_path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The module that a file holds.
fn module_of(file: &Path) -> Names {
    let path = file.strip_prefix(source()).unwrap().with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    names
        .filter(|name| name != "mod" && name != "lib")
        .collect()
}

fn read_modules() -> BTreeMap<Names, Module> {
    let is_library = |file: &PathBuf| file.strip_prefix(source()) != Ok(Path::new("main.rs"));
    let files: Vec<PathBuf> = files(&source()).into_iter().filter(is_library).collect();
    let names: BTreeSet<Names> = files.iter().map(|file| module_of(file)).collect();
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let own = module_of(file);
        let mut reader = Reader {
            own: &own,
            modules: &names,
            module: Module::default(),
        };
        reader.visit_file(&syn::parse_file(&text).unwrap());
        let module = reader.module;
        (own, module)
    };
    files.iter().map(read).collect()
}

/// The module that defines what a path names: re-exports are followed.
fn definition(modules: &BTreeMap<Names, Module>, path: &[String]) -> Names {
    let mut own = Names::new();
    for (index, name) in path.iter().enumerate() {
        let child = [&own[..], std::slice::from_ref(name)].concat();
        if modules.contains_key(&child) {
            own = child;
        } else if let Some(target) = modules[&own].exports.get(name)
            && target != path
        {
            return definition(modules, &[target, &path[index + 1..]].concat());
        } else {
            break;
        }
    }
    own
}

/// For each folder, which of its files and folders import which others of it.
fn imports_by_folder() -> BTreeMap<Names, BTreeMap<String, BTreeSet<String>>> {
    let modules = read_modules();
    let mut folders: BTreeMap<Names, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (own, module) in &modules {
        for import in &module.imports {
            let target = definition(&modules, import);
            let common = own
                .iter()
                .zip(&target)
                .take_while(|(one, other)| one == other)
                .count();
            if let (Some(from), Some(to)) = (own.get(common), target.get(common)) {
                let folder = folders.entry(own[..common].to_vec()).or_default();
                folder.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    folders
}

/// All that `from` imports, directly or through others.
fn reached<'a>(
    imports: &'a BTreeMap<String, BTreeSet<String>>,
    from: &'a str,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for name in imports.get(next).into_iter().flatten() {
            if reached.insert(name.as_str()) {
                open.push(name);
            }
        }
    }
    reached
}

/// The members of each folder that import themselves through others.
fn circles() -> BTreeMap<String, Vec<String>> {
    let folders = imports_by_folder();
    let circles = folders.iter().map(|(folder, imports)| {
        let members = imports
            .keys()
            .filter(|name| reached(imports, name).contains(name.as_str()));
        (folder.join("/"), members.cloned().collect::<Vec<_>>())
    });
    circles.filter(|(_, members)| !members.is_empty()).collect()
}

#[test]
fn files_of_one_folder_import_each_other_in_no_circle() {
    let circles = circles();
    let lines: Vec<String> = circles
        .iter()
        .map(|(folder, members)| format!("src/{folder}: {}", members.join(", ")))
        .collect();
    assert!(
        lines.is_empty(),
        "circles: put what several files need into a file below them\n{}",
        lines.join("\n")
    );
}

#[test]
fn files_are_short() {
    let length = |path: &PathBuf| std::fs::read_to_string(path).unwrap().lines().count();
    let tests = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    let long: Vec<PathBuf> = [files(&source()), files(tests)]
        .concat()
        .into_iter()
        .filter(|path| length(path) > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "longer than {MAX_LINES} lines: {long:?}");
}

/// The lines that would go with `src/synthesis` and `src/cli/synthesis`.
#[test]
fn three_lines_lead_to_pictures_from_noise() {
    let source = source();
    let own = [source.join("synthesis"), source.join("cli/synthesis")];
    // In `config` the keys of their recipes are called so.
    let others = files(&source).into_iter().filter(|path| {
        let apart = [&own[0], &own[1], &source.join("config")];
        !apart.iter().any(|folder| path.starts_with(folder))
    });
    let mut leading: Vec<(PathBuf, String)> = Vec::new();
    for path in others {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(str::trim);
        let is_leading = |line: &&str| {
            let is_comment = line.starts_with("//");
            let names = ["mod synthesis", "synthesis::", "Synthesis"];
            !is_comment && names.iter().any(|name| line.contains(name))
        };
        let path = path.strip_prefix(&source).unwrap();
        leading.extend(
            lines
                .filter(is_leading)
                .map(|line| (path.to_owned(), line.to_owned())),
        );
    }
    leading.sort();
    let expected = [
        ("cli/extensions.rs", "&super::synthesis::Synthesis,"),
        ("cli/mod.rs", "mod synthesis;"),
        ("lib.rs", "pub mod synthesis;"),
    ];
    let expected = expected.map(|(path, line)| (PathBuf::from(path), line.to_owned()));
    assert_eq!(leading, expected);
}
