//! `filters.*`

use std::sync::Arc;

use steward_domain::filter_text;

use crate::app::App;
use crate::dto::{FilterProblem, FormatFilter, ParseFilter, ParsedFilter};
use crate::error::ApiResult;

pub async fn parse(_: &Arc<App>, request: ParseFilter) -> ApiResult<ParsedFilter> {
    Ok(match filter_text::parse(&request.text) {
        Ok(filter) => ParsedFilter { filter: Some(filter), text: request.text, error: None },
        Err(e) => {
            let error = FilterProblem { message: e.message, position: i64::try_from(e.position).unwrap_or(0) };
            ParsedFilter { filter: None, text: request.text, error: Some(error) }
        }
    })
}

pub async fn format(_: &Arc<App>, request: FormatFilter) -> ApiResult<ParsedFilter> {
    let text = filter_text::format(&request.filter);
    Ok(ParsedFilter { filter: Some(request.filter), text, error: None })
}
