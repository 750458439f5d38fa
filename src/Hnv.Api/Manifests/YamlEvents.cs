using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hnv.Api.Manifests;

/// <summary>
/// The parser's events. Of input that is not YAML it mostly says so with a <see cref="YamlException"/>; found by fuzzing (16.3.0) are
/// also InvalidOperationException (a plain scalar without characters) and ArgumentException (tags, surrogates), which become one here.
/// </summary>
internal sealed class YamlEvents(TextReader text)
{
    private readonly Parser _parser = new(text);

    /// <summary>The current event.</summary>
    /// <exception cref="YamlException">There is none: the input ended within a document.</exception>
    public ParsingEvent Current => _parser.Current ?? throw new YamlException("the document ends too early");

    /// <summary>Goes to the next event; false at the end.</summary>
    /// <exception cref="YamlException">It is not YAML.</exception>
    public bool MoveNext()
    {
        Mark last = _parser.Current?.End ?? new Mark(0, 1, 1);
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw new YamlException(last, last, "a value is expected", e);
        }
    }
}
