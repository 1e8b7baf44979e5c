//! The words of `quarantine`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args, Default)]
pub struct Narrow {
    /// Only this rule, such as required or placeholder
    #[arg(long)]
    pub rule: Option<String>,
    /// Only this field
    #[arg(long)]
    pub field: Option<String>,
    #[arg(long)]
    pub collection: Option<String>,
    /// Only rows of this run
    #[arg(long)]
    pub run: Option<String>,
    /// Only rows of this file
    #[arg(long)]
    pub file: Option<String>,
    /// Only rows of this schema: careers, or careers@1.0.0
    #[arg(long)]
    pub schema: Option<String>,
    /// waiting, released, discarded, or withdrawn with its import
    #[arg(long)]
    pub status: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// List rows
    List {
        #[command(flatten)]
        narrow: Narrow,
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Show one row with its errors
    Show { id: String },
    /// Figures by rule, field, file and schema
    Stats,
    /// Correct a row: --set average_salary=52000
    Edit {
        id: String,
        /// FIELD=VALUE, several times; VALUE is JSON or plain text
        #[arg(long = "set", required_unless_present = "unset")]
        set: Vec<String>,
        /// Fields to remove
        #[arg(long)]
        unset: Vec<String>,
    },
    /// Try rows again
    Retry {
        ids: Vec<String>,
        /// Every waiting row that fits
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// A row whose key another record has takes its place
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        narrow: Narrow,
    },
    /// Discard rows
    Discard {
        ids: Vec<String>,
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        #[command(flatten)]
        narrow: Narrow,
        /// Why; stays in the history
        #[arg(long)]
        reason: String,
    },
    /// Bring discarded rows back
    Restore {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Change one field of many rows; shows the plan unless --yes
    Fix(Box<Fix>),
    /// Bring a corrected rows-to-correct.csv back; shows the plan unless --yes
    ImportCorrections {
        file: PathBuf,
        /// Encoding of the text, such as windows-1252
        #[arg(long)]
        encoding: Option<String>,
        /// What separates values: one character, or \\t
        #[arg(long)]
        delimiter: Option<String>,
        /// Why; stays in the history
        #[arg(long)]
        reason: Option<String>,
        /// Apply it
        #[arg(long)]
        yes: bool,
    },
    /// Write rows to a file, or all there is into a folder: quarantine.ndjson, errors.csv and rows-to-correct.csv
    Export {
        /// A folder, or a file: NDJSON with everything, or an error report when it ends in .csv
        out: PathBuf,
        #[arg(long, value_enum)]
        format: Option<QuarantineFormat>,
        #[command(flatten)]
        narrow: Narrow,
    },
}

/// What is done with the field; several that transform are done in this order.
#[derive(Debug, Args)]
pub struct Fix {
    pub ids: Vec<String>,
    /// Every waiting row that fits
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    #[command(flatten)]
    pub narrow: Narrow,
    /// The field to change, such as salary.min [default: the one of --field]
    #[arg(long, value_name = "FIELD")]
    pub path: Option<String>,
    /// Set this value: JSON or plain text
    #[arg(long, value_name = "VALUE", group = "one", allow_hyphen_values = true)]
    pub set: Option<String>,
    /// Set this value where there is none
    #[arg(long, value_name = "VALUE", group = "one", allow_hyphen_values = true)]
    pub default: Option<String>,
    /// Remove the field
    #[arg(long, group = "one")]
    pub unset: bool,
    /// Exchange a value: OLD=NEW, several times
    #[arg(long, value_name = "OLD=NEW", group = "one", allow_hyphen_values = true)]
    pub map: Vec<String>,
    /// Remove white space at the ends, and runs of it
    #[arg(long, conflicts_with = "one")]
    pub trim: bool,
    /// Replace what a regular expression finds
    #[arg(long, num_args = 2, value_names = ["PATTERN", "WITH"], conflicts_with = "one", allow_hyphen_values = true)]
    pub replace: Vec<String>,
    #[arg(long, value_enum, conflicts_with = "one")]
    pub case: Option<Letters>,
    /// Read a number: $86k, 1,234.56; with 'comma' 1.234,56
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "point", conflicts_with = "one")]
    pub number: Option<DecimalSign>,
    /// Read a date in this format, such as %d.%m.%Y; several are tried in order
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "iso", conflicts_with = "one")]
    pub date: Vec<String>,
    /// Further steps of a mapping, as a JSON list
    #[arg(long, value_name = "JSON", conflicts_with = "one")]
    pub steps: Option<String>,
    /// Load what is right then
    #[arg(long)]
    pub retry: bool,
    /// Why; stays in the history
    #[arg(long)]
    pub reason: Option<String>,
    /// Apply it
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Letters {
    Upper,
    Lower,
    Title,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DecimalSign {
    Point,
    Comma,
    Auto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QuarantineFormat {
    /// Everything about each row
    Ndjson,
    /// CSV with one line an error
    Errors,
    /// CSV with one line a row, to be corrected and imported again with import-corrections
    Rows,
}
