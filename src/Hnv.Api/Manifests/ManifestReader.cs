using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hnv.Api.Manifests;

/// <summary>
/// Reads manifest files: YAML with several documents, or JSON, which is YAML. Of YAML only what a manifest needs: anchors, aliases,
/// merge keys and tags are refused, so that a small file cannot become a large object and no value means another thing than it says.
/// </summary>
/// <remarks>After an error of form reading goes on at the next <c>---</c>, so that all errors are told at once.</remarks>
public static class ManifestReader
{
    /// <summary>Bytes of a file.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Levels of nesting in a document.</summary>
    public const int MaxDepth = 32;

    /// <summary>Errors of form of a file that are told.</summary>
    public const int MaxErrors = 100;

    /// <summary>Reads the bytes of a file, which are UTF-8.</summary>
    public static ManifestReadResult Read(ReadOnlySpan<byte> utf8, string fileName)
    {
        if (utf8.Length > MaxBytes)
        {
            return TooLarge(fileName);
        }

        try
        {
            return Read(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8), fileName);
        }
        catch (DecoderFallbackException e)
        {
            int line = 1 + utf8[..Math.Clamp(e.Index, 0, utf8.Length)].Count((byte)'\n');
            return Refused(fileName, line, null, "is not UTF-8 text", "save the file as UTF-8");
        }
    }

    /// <summary>Reads a text; <paramref name="fileName"/> is for messages only.</summary>
    public static ManifestReadResult Read(string text, string fileName)
    {
        if (text.Length > MaxBytes)
        {
            return TooLarge(fileName);
        }

        // The scanner takes a NUL for the end, and would leave out what follows without a word.
        int nul = text.IndexOf('\0', StringComparison.Ordinal);
        if (nul >= 0)
        {
            return Refused(fileName, 1 + text.AsSpan(0, nul).Count('\n'), null, "has a NUL character", "is it a text file?");
        }

        var documents = ImmutableArray.CreateBuilder<ManifestDocument>();
        var errors = new List<ManifestError>();
        int offset = text.StartsWith('\ufeff') ? 1 : 0;
        int skippedLines = 0;
        while (offset < text.Length)
        {
            int? stoppedAtLine = ReadDocuments(text, offset, skippedLines, fileName, documents, errors);
            if (stoppedAtLine is null || errors.Count >= MaxErrors)
            {
                break;
            }

            (offset, skippedLines) = FindDocumentAfter(text, offset, skippedLines, stoppedAtLine.Value);
        }

        return new ManifestReadResult(documents.ToImmutable(), [.. errors.Take(MaxErrors)]);
    }

    /// <summary>Reads documents up to the end (null), or to the line where form was lost.</summary>
    private static int? ReadDocuments(
        string text, int offset, int skippedLines, string fileName, ImmutableArray<ManifestDocument>.Builder documents, List<ManifestError> errors)
    {
        using var reader = new StringReader(offset == 0 ? text : text[offset..]);
        var events = new YamlEvents(reader);
        var composer = new DocumentComposer(events, fileName, skippedLines, errors);
        try
        {
            while (events.MoveNext() && errors.Count < MaxErrors)
            {
                if (events.Current is not DocumentStart)
                {
                    continue;
                }

                events.MoveNext();
                if (composer.Compose() is { } document)
                {
                    documents.Add(document);
                }
            }

            return null;
        }
        catch (YamlException e)
        {
            int line = skippedLines + (int)Math.Max(1, e.Start.Line);
            (string problem, string? remedy) = YamlProblem.Explain(e, LineAt(text, offset, (int)e.Start.Line));
            var error = new ManifestError(fileName, line, (int)Math.Max(1, e.Start.Column), null, "", problem, remedy);
            if (errors.LastOrDefault() != error)
            {
                errors.Add(error);
            }

            return line;
        }
    }

    /// <summary>
    /// Where the first line from <paramref name="line"/> on is that begins a document, always with three hyphens in column 1
    /// (YAML 1.2, 9.1.2). Never the first line of what was read: it would be read again for ever.
    /// </summary>
    private static (int Offset, int SkippedLines) FindDocumentAfter(string text, int offset, int skippedLines, int line)
    {
        int first = skippedLines + 1;
        int current = first;
        while (offset < text.Length)
        {
            bool marker = string.CompareOrdinal(text, offset, "---", 0, 3) == 0
                && (offset + 3 == text.Length || text[offset + 3] is ' ' or '\t' or '\r' or '\n');
            if (marker && current >= line && current > first)
            {
                break;
            }

            int end = text.IndexOf('\n', offset);
            offset = end < 0 ? text.Length : end + 1;
            current++;
        }

        return (offset, current - 1);
    }

    private static string LineAt(string text, int offset, int line)
    {
        for (int i = 1; i < line && offset < text.Length; i++)
        {
            int end = text.IndexOf('\n', offset);
            offset = end < 0 ? text.Length : end + 1;
        }

        int stop = text.IndexOf('\n', offset);
        return text[offset..(stop < 0 ? text.Length : stop)];
    }

    private static ManifestReadResult TooLarge(string fileName) =>
        Refused(fileName, null, null, $"is larger than {MaxBytes >> 20} MiB", "split it into several files");

    private static ManifestReadResult Refused(string fileName, int? line, int? column, string problem, string remedy) =>
        new([], [new ManifestError(fileName, line, column, null, "", problem, remedy)]);
}
