//! Quality figures of a collection against their targets.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a figure measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MetricName {
    /// Share of the schema's non-optional cells that hold a value (not missing, null, blank or empty).
    Completeness,
    /// Share of records that break no rule.
    Adherence,
    /// Share of records whose key no other record has.
    Uniqueness,
    /// Age of the newest record in days; a record fails when it is older than the target.
    Freshness,
}

/// How a figure is against its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MetricState {
    Good,
    Bad,
    /// Nothing to measure (no record, no schema).
    Unknown,
}

/// Unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MetricUnit {
    Ratio,
    Days,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    pub name: MetricName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<f64>,
    pub target: f64,
    pub unit: MetricUnit,
    pub state: MetricState,
    /// Records that fail it.
    pub failing: i64,
    /// How it was measured, one sentence.
    pub explanation: String,
}

/// Completeness of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FieldCompleteness {
    pub field: String,
    pub required: bool,
    pub filled: i64,
    pub missing: i64,
}

/// How often a rule is broken at a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleCount {
    pub field: String,
    pub rule: String,
    pub records: i64,
}

/// All figures of a collection at one point in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QualityReport {
    pub collection: String,
    pub schema: String,
    /// RFC 3339, UTC.
    pub measured_at: String,
    pub records: i64,
    pub metrics: Vec<Metric>,
    pub fields: Vec<FieldCompleteness>,
    pub rules: Vec<RuleCount>,
    /// The measurement that the failing records are kept under.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(skip)]
    pub findings: String,
}

/// The figures of one measurement in the series of a collection. Ratios from 0 to 1, freshness in days; absent where there was
/// nothing to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QualityPoint {
    /// RFC 3339, UTC.
    pub at: String,
    pub records: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub completeness: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub adherence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub uniqueness: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub freshness: Option<f64>,
}
