//! What the documents say is what the program does.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use translate::cli::Cli;
use translate::config::{Mode, Overlay, Recipe};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The help of every command, as Markdown.
fn reference() -> String {
    fn add(text: &mut String, command: &mut Command, name: &str) {
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        writeln!(text, "\n## `{name}`\n\n```text\n{}\n```", lines.join("\n")).unwrap();
        for inner in command
            .get_subcommands_mut()
            .filter(|inner| inner.get_name() != "help")
        {
            let name = format!("{name} {}", inner.get_name());
            add(text, inner, &name);
        }
    }
    let mut text = "# Command line\n\nThe help of every command, written by `UPDATE_DOCS=1 cargo test --release cli_reference`.\n".to_owned();
    let mut command = Cli::command();
    command.build();
    add(&mut text, &mut command, "translate");
    text
}

#[test]
fn cli_reference_is_the_help_of_the_program() {
    let path = root().join("docs/cli.md");
    let expected = reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == expected,
        "docs/cli.md is out of date: UPDATE_DOCS=1 cargo test --release cli_reference"
    );
}

#[test]
fn every_recipe_is_valid_and_says_what_it_trains() {
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("configs")).unwrap() {
        let path = entry.unwrap().path();
        let overlay = Overlay::from_file(&path).unwrap();
        let mode = overlay
            .mode()
            .unwrap()
            .unwrap_or_else(|| panic!("{} has no mode", path.display()));
        overlay.resolve(mode).unwrap();
        count += 1;
    }
    assert!(count >= 5);
}

/// The full recipes document every key with its default.
#[test]
fn full_recipes_are_the_defaults_with_every_key() {
    for (file, mode) in [
        ("pix2pix.toml", Mode::Pix2pix),
        ("cycle.toml", Mode::Cycle),
        ("contrastive.toml", Mode::Contrastive),
        ("inpaint.toml", Mode::Inpaint),
        ("generate.toml", Mode::Generate),
        ("vae.toml", Mode::Vae),
    ] {
        let path = root().join("configs").join(file);
        let recipe = Overlay::from_file(&path).unwrap().resolve(mode).unwrap();
        assert_eq!(recipe, Recipe::defaults(mode), "{file}");
        let text = std::fs::read_to_string(&path).unwrap();
        for (section, values) in Recipe::defaults(mode).to_table() {
            let Some(values) = values.as_table() else {
                continue;
            };
            for key in values.keys() {
                assert!(
                    text.contains(&format!("\n{key} = ")),
                    "{file} has no {section}.{key}"
                );
            }
        }
    }
}

/// The recipe of the two stages of pix2pixHD documents every key, and is the run of the paper.
#[test]
fn the_recipe_of_pix2pixhd_has_every_key_and_two_stages() {
    let path = root().join("configs/pix2pixhd.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let recipe = Overlay::from_file(&path)
        .unwrap()
        .resolve(Mode::Pix2pixhd)
        .unwrap();
    for (section, values) in recipe.to_table() {
        let Some(values) = values.as_table() else {
            continue;
        };
        for key in values.keys() {
            assert!(text.contains(&format!("\n{key} = ")), "no {section}.{key}");
        }
    }
    let sizes: Vec<_> = recipe
        .stages()
        .iter()
        .map(|stage| {
            (
                stage.data.load_size,
                stage.generator.channels,
                stage.discriminator.scales,
            )
        })
        .collect();
    assert_eq!(sizes, [(1024, 64, 2), (2048, 32, 3)]);
}

/// Links in the documents lead to files that exist.
#[test]
fn links_between_documents_are_not_broken() {
    let documents = [
        "README.md",
        "docs/guide.md",
        "docs/scaling.md",
        "docs/pix2pixhd.md",
        "docs/tasks.md",
        "docs/metrics.md",
        "docs/gan-toolbox.md",
        "docs/serve.md",
        "docs/synthesis.md",
        "docs/architecture.md",
        "docs/compatibility.md",
        "CONTRIBUTING.md",
    ];
    for document in documents {
        let path = root().join(document);
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let folder = path.parent().unwrap_or(Path::new("."));
            assert!(folder.join(target).exists(), "{document} links to {target}");
        }
    }
}
