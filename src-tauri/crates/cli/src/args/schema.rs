//! The words of `schema`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Schema {
    /// Schema packs: those that come with Steward, and the workspace's own
    List,
    /// One schema: its fields and rules, and the history of its versions
    Show { id: String },
    /// Give a collection its schema ('none' takes it away)
    Assign { collection: String, schema: String },
    /// Add JSON Schema documents as packs of the workspace's own
    #[command(disable_version_flag = true)]
    Add(AddSchema),
    /// Remove a pack of the workspace's own that nothing uses
    Remove { id: String },
    /// Run examples: accepted ones have to pass, refused ones to fail with the rules that they name
    Test {
        /// A pack, such as careers or careers@1.0.0 [default: all that come with examples]
        pack: Option<String>,
        /// A folder with 'valid' and 'invalid' in it [default: the examples that come with the pack]
        #[arg(requires = "pack")]
        folder: Option<PathBuf>,
    },
}

/// What is left away is taken from x-steward in the document, else concluded.
#[derive(Debug, Args)]
pub struct AddSchema {
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// A document that they refer to; what they need of it is taken in
    #[arg(long, value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// What it is called: small letters, digits, _ and dots
    #[arg(long)]
    pub name: Option<String>,
    /// Three numbers, such as 1.0.0
    #[arg(long)]
    pub version: Option<String>,
    /// Collection that its records go to
    #[arg(long)]
    pub collection: Option<String>,
    /// Field that identifies a record
    #[arg(long)]
    pub key: Option<String>,
}
