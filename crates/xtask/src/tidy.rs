//! `cargo xtask tidy`: the walls between crates, and documents that must move with the code.

use crate::tools::{Outcome, metadata, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which of our crates each crate may use directly. A new arrow needs an ADR.
const ARROWS: &[(&str, &[&str])] = &[
    ("item", &[]),
    ("env", &[]),
    ("auth", &[]),
    ("expression", &["item"]),
    ("commitlog", &["env"]),
    ("storage", &["commitlog", "env"]),
    (
        "engine",
        &["expression", "item", "storage", "commitlog", "env"],
    ),
    ("sql", &["engine", "expression", "item", "env"]),
    ("analytics", &["sql", "engine", "expression", "item"]),
    ("pg-server", &["sql", "auth", "item", "engine"]),
    (
        "dynamodb-server",
        &["engine", "sql", "expression", "auth", "item"],
    ),
    (
        "server",
        &[
            "pg-server",
            "dynamodb-server",
            "analytics",
            "sql",
            "engine",
            "auth",
            "item",
        ],
    ),
    // Only tests use it.
    ("fuzz", &[]),
    ("sql-tests", &[]),
];

/// Heavy dependencies and the only crate that may name them.
const WALLS: &[(&str, &[&str])] = &[
    ("lsm-tree", &["storage"]),
    ("datafusion", &["analytics"]),
    ("arrow", &["analytics"]),
    ("pgwire", &["pg-server"]),
    ("hyper", &["dynamodb-server"]),
    ("hyper-util", &["dynamodb-server"]),
    ("sqlparser", &["sql", "analytics"]),
];

/// Crates without I/O, async, clock or randomness: what they must not depend on.
const PURE: &[&str] = &["item", "expression", "auth"];
const IMPURE_DEPENDENCIES: &[&str] = &[
    "tokio",
    "futures",
    "async-trait",
    "rand",
    "getrandom",
    "hyper",
    "libc",
    "tempfile",
];

/// Words that may not be committed in source files (joined here so that this file passes its own check).
const BANNED: &[&str] = &[
    concat!("FIX", "ME"),
    concat!("dbg", "!("),
    concat!("XX", "X:"),
    concat!("todo", "!("),
];
const FILE_LINES_MAX: usize = 1_000;

/// Runs all checks and reports every finding.
pub fn check() -> Outcome {
    let mut findings = Vec::new();
    check_arrows(&mut findings)?;
    check_sources(&mut findings)?;
    check_documents(&mut findings)?;
    if findings.is_empty() {
        return Ok(());
    }
    Err(format!(
        "tidy found {}:\n  {}",
        findings.len(),
        findings.join("\n  ")
    ))
}

/// Direct, non-development dependencies of our packages, by folder name.
fn check_arrows(findings: &mut Vec<String>) -> Outcome {
    let metadata = metadata()?;
    let packages = metadata["packages"]
        .as_array()
        .ok_or("cargo metadata: no packages")?;
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for package in packages {
        let name = short(package["name"].as_str().unwrap_or_default());
        if name == "xtask" {
            continue;
        }
        let Some(allowed) = arrows.get(name) else {
            findings.push(format!(
                "crate {name} is not in the table of arrows (crates/xtask/src/tidy.rs)"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let used = dependency["name"].as_str().unwrap_or_default();
            let ours = used.strip_prefix("shale-");
            if let Some(ours) = ours.filter(|ours| !allowed.contains(ours)) {
                findings.push(format!("crate {name} may not use {ours}"));
            }
            let wall = WALLS.iter().find(|(heavy, _)| *heavy == used);
            if let Some((heavy, users)) = wall.filter(|(_, users)| !users.contains(&name)) {
                findings.push(format!(
                    "crate {name} uses {heavy}, which belongs to {}",
                    users.join(", ")
                ));
            }
            if PURE.contains(&name) && IMPURE_DEPENDENCIES.contains(&used) {
                findings.push(format!(
                    "crate {name} does no I/O and has no clock, but uses {used}"
                ));
            }
        }
    }
    Ok(())
}

fn short(package: &str) -> &str {
    package.strip_prefix("shale-").unwrap_or(package)
}

fn check_sources(findings: &mut Vec<String>) -> Outcome {
    let mut files = Vec::new();
    for folder in ["crates", "sql-tests", "examples", "tests"] {
        collect(&root().join(folder), &mut files)?;
    }
    for file in files {
        let shown = file
            .strip_prefix(root())
            .unwrap_or(&file)
            .display()
            .to_string();
        if !matches!(
            file.extension().and_then(|extension| extension.to_str()),
            Some("rs" | "py")
        ) {
            continue;
        }
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{shown}: {error}"))?;
        for (number, line) in text.lines().enumerate() {
            for word in BANNED.iter().filter(|word| line.contains(*word)) {
                findings.push(format!("{shown}:{}: {word}", number + 1));
            }
        }
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            findings.push(format!("{shown} has {lines} lines; above {FILE_LINES_MAX} there are usually two things inside"));
        }
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry
            .map_err(|error| format!("{}: {error}", folder.display()))?
            .path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn check_documents(findings: &mut Vec<String>) -> Outcome {
    let read = |path: &str| {
        std::fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
    };
    let architecture = read("ARCHITECTURE.md")?;
    for (name, _) in ARROWS {
        if !architecture.contains(&format!("`{name}`")) {
            findings.push(format!("ARCHITECTURE.md does not name the crate `{name}`"));
        }
    }
    let readme = read("README.md")?;
    for command in ["cargo xtask up", "cargo xtask ci"] {
        if !readme.contains(command) {
            findings.push(format!("README.md does not show `{command}`"));
        }
    }
    let mut decisions = Vec::new();
    collect(&root().join("docs/adr"), &mut decisions)?;
    let numbers: BTreeSet<usize> = decisions
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.split('-').next()?.parse().ok())
        .collect();
    if numbers.len() != decisions.len() || numbers.iter().copied().ne(1..=decisions.len()) {
        findings.push(
            "docs/adr: files are NNNN-title.md, numbered from 0001 without gaps or doubles"
                .to_owned(),
        );
    }
    Ok(())
}
