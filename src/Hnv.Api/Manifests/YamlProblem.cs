using System.Text.RegularExpressions;
using YamlDotNet.Core;

namespace Hnv.Api.Manifests;

/// <summary>The scanner's words for an error of form, and what usually is the reason.</summary>
internal static partial class YamlProblem
{
    public static (string Problem, string? Remedy) Explain(YamlException exception, string line)
    {
        if (exception is NestingException)
        {
            return ($"is nested deeper than {ManifestReader.MaxDepth} levels", "no document of a manifest is");
        }

        string problem = "is not YAML here: " + Position().Replace(exception.Message, "").Trim().TrimEnd('.').TrimStart(':', ' ');
        string remedy = line switch
        {
            _ when problem.Contains(" tab ", StringComparison.Ordinal) || line.AsSpan().TrimStart(' ').StartsWith("\t") => "indent with spaces, not with tabs",
            _ when MissingSpace().IsMatch(line) => "put a space behind the colon",
            _ when line.Count(static c => c == '"') % 2 == 1 || line.Count(static c => c == '\'') % 2 == 1 => "close the quotes",
            _ when problem.Contains("expected ',' or", StringComparison.Ordinal) || line.Count(static c => c is '[' or '{') != line.Count(static c => c is ']' or '}') =>
                "close the bracket",
            _ => "check the indentation, and put quotes around text with ': ', '#', or a special character in front",
        };
        return (problem, remedy);
    }

    [GeneratedRegex(@"\(Line: \d+, Col: \d+, Idx: \d+\)( - \(Line: \d+, Col: \d+, Idx: \d+\))?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Position();

    [GeneratedRegex(@"^\s*(- )?[A-Za-z]+:[^\s:]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex MissingSpace();
}
