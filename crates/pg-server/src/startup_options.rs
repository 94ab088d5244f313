//! The startup parameter `options`: settings in the form of command-line arguments of PostgreSQL's server.

use crate::report::Report;

/// The settings of `-c name=value` and `--name=value`; dashes in names are underscores. Arguments are separated by white space, a
/// backslash takes the next character as it is.
///
/// # Errors
/// 22023 for any other argument.
pub(crate) fn parse(options: &str) -> Result<Vec<(String, String)>, Report> {
    let mut settings = vec![];
    let mut arguments = split(options).into_iter();
    while let Some(argument) = arguments.next() {
        let setting = if let Some(rest) = argument.strip_prefix("--") {
            Some(rest.to_owned())
        } else if argument == "-c" {
            arguments.next()
        } else {
            argument.strip_prefix("-c").map(str::to_owned)
        };
        let setting = setting
            .as_deref()
            .and_then(|setting| setting.split_once('='));
        let Some((name, value)) = setting else {
            let message = format!("invalid command-line argument for server process: {argument}");
            return Err(Report::error("22023", message));
        };
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn split(options: &str) -> Vec<String> {
    let mut arguments = vec![];
    let mut current: Option<String> = None;
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => arguments.extend(current.take()),
            '\\' => current.get_or_insert_default().extend(characters.next()),
            other => current.get_or_insert_default().push(other),
        }
    }
    arguments.extend(current);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_settings() {
        let settings = |text: &str| {
            let settings = parse(text).map_err(|report| report.message.clone())?;
            let shown = settings
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            Ok::<_, std::borrow::Cow<'_, str>>(shown.collect::<Vec<_>>().join("|"))
        };
        assert_eq!(settings("").unwrap(), "");
        assert_eq!(
            settings("-c a=1 -cb=2  --statement-timeout=5s").unwrap(),
            "a=1|b=2|statement_timeout=5s"
        );
        assert_eq!(
            settings(r"-c search_path=a\ b\\c --x=").unwrap(),
            r"search_path=a b\c|x="
        );
        for wrong in ["-c", "-c a", "--a", "-d 5", "x"] {
            assert!(settings(wrong).is_err(), "{wrong}");
        }
    }
}
