//! The bodies of the commands: one function each, named in `commands`.

pub mod app;
pub mod backups;
pub mod changes;
pub mod collections;
pub mod connection;
pub mod files;
pub mod filters;
pub mod fixes;
pub mod imports;
pub mod increments;
pub mod jobs;
pub mod lookups;
pub mod mappings;
pub mod quality;
pub mod quarantine;
pub mod records;
pub mod restores;
pub mod runs;
pub mod schemas;
pub mod settings;
pub mod space;
pub mod splits;
pub mod tasks;
pub mod trust;
pub mod unfinished;
pub mod workspace;
