//! `filters.*`

use steward_domain::filter_text;

use crate::caller::Call;
use crate::dto::{FilterProblem, FormatFilter, ParseFilter, ParsedFilter};
use crate::error::ApiResult;

pub async fn parse(_: &Call, request: ParseFilter) -> ApiResult<ParsedFilter> {
    Ok(match filter_text::parse(&request.text) {
        Ok(filter) => ParsedFilter { filter: Some(filter), text: request.text, error: None },
        Err(e) => {
            let error = FilterProblem { message: e.message, position: i64::try_from(e.position).unwrap_or(0) };
            ParsedFilter { filter: None, text: request.text, error: Some(error) }
        }
    })
}

pub async fn format(_: &Call, request: FormatFilter) -> ApiResult<ParsedFilter> {
    let text = filter_text::format(&request.filter);
    Ok(ParsedFilter { filter: Some(request.filter), text, error: None })
}
