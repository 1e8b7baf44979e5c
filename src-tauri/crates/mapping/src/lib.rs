//! Mappings: small JSON documents that turn one source row into one record.
//!
//! A [`Mapping`] is read, then [`compile`]d against the header of a table (or none, for JSON rows) and a schema pack, and
//! then applied to row after row. Pure code: no I/O, no clock. Reading files belongs to the callers, and so does
//! checking the records that come out.

#![forbid(unsafe_code)]

mod apply;
mod calculate;
mod canonical;
mod casts;
mod columns;
mod compile;
mod currency;
mod dates;
mod defaults;
mod digits;
mod document;
mod durations;
mod error;
mod fit;
mod guess;
mod input;
mod kept;
mod lists;
mod matching;
mod names;
mod number_step;
mod numbers;
mod operation;
mod patterns;
mod profile;
mod program;
mod proposal;
mod record;
mod shape;
mod slot;
mod source;
mod steps;
mod suggest;
mod target;
mod text;
mod types;
mod words;

pub use apply::{Compiled, Untyped};
pub use canonical::{Canonical, number as canonical_number};
pub use compile::compile;
pub use defaults::default_for;
pub use document::{Case, Condition, Mapping, Missing, MissingBecomes, Rule, Source, Test, Unmapped, VERSION};
pub use error::MappingError;
pub use input::{Cell, Input};
pub use names::nearest;
pub use profile::{ColumnProfile, Kind, Profile, Profiler, TopValue, profile};
pub use program::Shown;
pub use steps::{
    BooleanStep, CalculateStep, CaseKind, CastTo, DateAs, DateStep, DecimalMark, DurationAs, DurationStep, DurationUnit, ExtractStep,
    FlattenStep, LookupStep, NoMatch, NumberAs, NumberStep, Percent, RangePart, RangeStep, ReplaceStep, SplitStep, Step, TrimKind,
    UnknownValue,
};
pub use suggest::{FieldMatch, Suggestion, suggest};
pub use types::{ColumnType, Typing};
