//! Finds reports of PHP programs, tests and tools in a log.
//!
//! | file | input |
//! | --- | --- |
//! | `engine` | the interpreter's errors and uncaught exceptions; PHP Parallel Lint |
//! | `phpunit` | PHPUnit's and Codeception's failed tests, the list and `--testdox` |
//! | `collision` | Pest, `php artisan test`, and exceptions of Laravel's console |
//! | `console` | exceptions and boxes of Symfony's console |
//! | `composer` | problems, sentences, advisories |
//! | `phpstan`, `lint` | PHPStan; Psalm, PHP_CodeSniffer, PHPMD |
//! | `fixers` | PHP CS Fixer, Easy Coding Standard, Rector, Pint |
//! | `behat` | Behat and Infection |
#![deny(unsafe_code)]

mod behat;
mod collision;
mod composer;
mod console;
mod engine;
mod fixers;
mod lint;
mod phpstan;
mod phpunit;
mod trace;

use grimoire_plugin_sdk::recognise::{panel, sentence};
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};
use panel::{Lines, Panel};

/// The analyzer: see the crate's documentation.
pub struct Php(Panel);

impl Default for Php {
    fn default() -> Self {
        let readers: Vec<Box<dyn panel::Reader>> = vec![
            Box::<phpunit::Phpunit>::default(),
            Box::<phpunit::Testdox>::default(),
            Box::<phpunit::Inside>::default(),
            Box::<collision::Collision>::default(),
            Box::<behat::Behat>::default(),
            Box::<composer::Problems>::default(),
            Box::<composer::Audit>::default(),
            Box::new(composer::sentences()),
            Box::<engine::Engine>::default(),
            Box::new(engine::sentences()),
            Box::<phpstan::Table>::default(),
            Box::new(Lines(phpstan::raw)),
            Box::<lint::Psalm>::default(),
            Box::new(Lines(lint::emacs)),
            Box::<lint::Sniffer>::default(),
            Box::new(Lines(lint::mess)),
            Box::<fixers::Fixers>::default(),
            Box::new(Lines(fixers::pint)),
            Box::new(behat::sentences()),
            Box::new(behat::phpunit()),
            Box::<console::Exceptions>::default(),
            Box::<console::Boxes>::default(),
            Box::new(Lines(phpunit::summary)),
            Box::<behat::Summary>::default(),
            Box::new(Lines(engine::summary)),
            Box::new(Lines(lint::summary)),
        ];
        // Composer's prefix for the lines of the scripts that it runs.
        Self(Panel::new(readers).stripping(without_script))
    }
}

/// Removes Composer's prefix from the lines of its scripts.
fn without_script(text: &str) -> &str {
    text.trim_start()
        .strip_prefix("!!")
        .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        .unwrap_or(text)
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Php>;

export_analyzer!(Scan);

impl LineAnalyzer for Php {
    const TOOLS: &'static [&'static str] = &[
        "behat",
        "codeception",
        "composer",
        "infection",
        "laravel",
        "pest",
        "php",
        "php-cs-fixer",
        "phpcs",
        "phpmd",
        "phpstan",
        "phpunit",
        "pint",
        "psalm",
        "rector",
        "symfony",
    ];

    const PROBES: &'static [&'static str] = &[
        "PHP",
        ".php",
        "php",
        "omposer",
        "Problem 1",
        "Parse error",
        "Fatal error:",
        "phpunit",
        "psalm",
        "phpstan",
        "artisan",
        "Could not open input file",
        "symfony",
        "Symfony",
        "Laravel",
        " ext-",
        "FeatureContext",
        "behat",
        "infection",
        "assertions",
        "Assertions:",
        "MSI",
        ".phpt",
        "packagist",
        "to an installable set",
        "🪪",
        "Ignored error pattern",
        "(PSR",
        "Failed scenarios",
        "Could not find package",
        "while downloading",
        "Exception]",
        "vulnerability advisor",
        "[ERROR] Found",
        "| CVE",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        self.0.line(line, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.0.finish(out);
    }
}
