//! What can be wrong with a parameter: every cause of `Invalid params` that is known.

/// Why a parameter is refused. On the wire: code -32602, message `Invalid params`, and
/// [`data`](Self::data).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// It is not there.
    #[error("`{0}` is required")]
    Required(&'static str),
    /// It has another type, or a word that is not offered.
    #[error("`{0}` has an invalid format")]
    Format(&'static str),
    /// It is above its maximum.
    #[error("`{0}` is too high")]
    TooHigh(&'static str),
    /// It is below its minimum.
    #[error("`{0}` is too low")]
    TooLow(&'static str),
    /// It could be an instrument's name, but is none.
    #[error("no such instrument")]
    UnknownInstrument,
    /// It cannot be an instrument's name.
    #[error("not the name of an instrument")]
    WrongFormat,
    /// There is no such currency.
    #[error("no such currency")]
    InvalidCurrency,
    /// The amount does not consist of whole contracts.
    #[error("the amount is not a multiple of the contract size")]
    NotMultiple,
}

impl ParamError {
    /// The value of `reason`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Required(_) => "value required",
            Self::Format(_) => "invalid format",
            Self::TooHigh(_) => "value is too high",
            Self::TooLow(_) => "value is too low",
            Self::UnknownInstrument => "instrument not found",
            Self::WrongFormat => "wrong format",
            Self::InvalidCurrency => "invalid currency",
            Self::NotMultiple => "must be a multiple of contract size",
        }
    }

    /// The value of `param`, if the reply names it.
    #[must_use]
    pub const fn param(self) -> Option<&'static str> {
        match self {
            Self::Required(param) | Self::Format(param) | Self::TooHigh(param) | Self::TooLow(param) => {
                Some(param)
            }
            Self::UnknownInstrument | Self::WrongFormat => Some("instrument_name"),
            Self::InvalidCurrency => None,
            Self::NotMultiple => Some("amount"),
        }
    }

    /// The JSON text of the error's `data`.
    #[must_use]
    pub fn data(self) -> String {
        let reason = self.reason();
        match self.param() {
            Some(param) => format!(r#"{{"reason":"{reason}","param":"{param}"}}"#),
            None => format!(r#"{{"reason":"{reason}"}}"#),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_names_the_parameter_where_the_wire_does() {
        assert_eq!(ParamError::TooHigh("count").data(), r#"{"reason":"value is too high","param":"count"}"#);
        assert_eq!(ParamError::InvalidCurrency.data(), r#"{"reason":"invalid currency"}"#);
    }
}
