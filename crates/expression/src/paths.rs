//! Sets of document paths that must not meet: of an update's actions, of a projection.

use crate::{ExpressionError, Path, Step};

/// Checks that no path equals or leads to another (`Overlap`: `a` and `a.b`), and none takes for a map what another takes for a list
/// (`Conflict`: `a.b` and `a[0]`).
///
/// # Errors
/// `Overlap` or `Conflict` with the two paths in the order given.
pub fn check_paths<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), ExpressionError> {
    let mut sorted: Vec<(usize, &Path)> = paths.into_iter().enumerate().collect();
    sorted.sort_by_key(|(_, path)| *path);
    // A path sorts directly before those it leads to, and the fields below a prefix directly before the indexes below it: looking at
    // neighbours is enough.
    for pair in sorted.windows(2) {
        let [(first_at, first), (second_at, second)] = pair else {
            continue;
        };
        let Some(meeting) = meeting(first, second) else {
            continue;
        };
        let (first, second) = if first_at < second_at {
            (first, second)
        } else {
            (second, first)
        };
        let (first, second) = (Path::clone(first), Path::clone(second));
        return Err(match meeting {
            Meeting::Overlap => ExpressionError::Overlap { first, second },
            Meeting::Conflict => ExpressionError::Conflict { first, second },
        });
    }
    Ok(())
}

enum Meeting {
    Overlap,
    Conflict,
}

fn meeting(first: &Path, second: &Path) -> Option<Meeting> {
    if first.root != second.root {
        return None;
    }
    for (left, right) in first.steps.iter().zip(&second.steps) {
        match (left, right) {
            _ if left == right => {}
            (Step::Field(_), Step::Index(_)) | (Step::Index(_), Step::Field(_)) => {
                return Some(Meeting::Conflict);
            }
            _ => return None,
        }
    }
    Some(Meeting::Overlap)
}
