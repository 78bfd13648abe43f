//! Figures, goals and the table.

use std::fmt::Write as _;

use serde::Serialize;

/// The goal of a figure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    /// The name for `--rows`.
    pub(super) name: String,
    pub(super) what: String,
    pub(super) goal: Goal,
    /// Empty for a ratio.
    pub(super) unit: &'static str,
    /// One figure per round.
    pub(super) figures: Vec<f64>,
    /// The absolute values behind the figure.
    pub(super) absolute: String,
}

impl Row {
    /// A row without figures.
    pub(super) fn new(name: impl Into<String>, what: impl Into<String>, goal: Goal) -> Self {
        Self {
            name: name.into(),
            what: what.into(),
            goal,
            unit: "",
            figures: Vec::new(),
            absolute: String::new(),
        }
    }

    /// Sets a unit, for figures that are not ratios.
    pub(super) fn in_unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Sets the figures.
    pub(super) fn with(mut self, figures: Vec<f64>, absolute: impl Into<String>) -> Self {
        self.figures = figures;
        self.absolute = absolute.into();
        self
    }

    fn verdict(&self) -> &'static str {
        let middle = median(&self.figures);
        let met = match self.goal {
            Goal::AtLeast(least) => middle >= least,
            Goal::AtMost(most) => middle <= most,
        };
        if met { "met" } else { "MISSED" }
    }

    fn goal(&self) -> String {
        let unit = self.unit();
        match self.goal {
            Goal::AtLeast(least) => format!("≥ {least}{unit}"),
            Goal::AtMost(most) => format!("≤ {most}{unit}"),
        }
    }

    fn measured(&self) -> String {
        let (least, most) =
            self.figures.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &figure| {
                (least.min(figure), most.max(figure))
            });
        format!("{}{} ({}–{})", short(median(&self.figures)), self.unit(), short(least), short(most))
    }

    fn unit(&self) -> String {
        if self.unit.is_empty() { " ×".to_owned() } else { format!(" {}", self.unit) }
    }
}

/// The median; for an even count the mean of the two middle figures; 0 without figures.
pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// The figures of one list divided by those of another, round by round.
pub(super) fn ratios(over: &[f64], under: &[f64]) -> Vec<f64> {
    over.iter().zip(under).map(|(over, under)| over / under).collect()
}

/// A figure with three significant digits.
pub(super) fn short(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 0.1 => format!("{figure:.2}"),
        _ => format!("{figure:.4}"),
    }
}

/// The table as Markdown.
pub(super) fn render(rows: &[Row], judged: bool) -> String {
    let mut text = String::from(
        "| row | work | goal | measured (min–max) | absolute, medians | |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let verdict = if judged { row.verdict() } else { "not judged" };
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {verdict} |",
            row.name,
            row.what,
            row.goal(),
            row.measured(),
            row.absolute
        )
        .expect("a string takes everything");
    }
    text
}
