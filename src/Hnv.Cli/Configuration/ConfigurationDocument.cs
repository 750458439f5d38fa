using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api.Manifests;
using Hnv.Model;

namespace Hnv.Cli.Configuration;

/// <summary>One YAML file of settings, each a text or a list of texts. Errors are collected, each with file and line.</summary>
internal sealed class ConfigurationDocument
{
    private readonly ManifestDocument? _document;
    private readonly List<CliError> _errors = [];

    private ConfigurationDocument(string file, ManifestDocument? document) => (File, _document) = (file, document);

    public string File { get; }

    /// <exception cref="CliException">The file cannot be read, is not YAML, or more than one document; everything at once.</exception>
    public static ConfigurationDocument Read(string file)
    {
        byte[] content = Input.InputFile.Read(file, Input.InputFile.SmallFile, "--config FILE, or the options without it.", "Settings have a few lines.");
        ManifestReadResult read = ManifestReader.Read(content, file);
        if (!read.Errors.IsEmpty)
        {
            throw Input.ManifestFiles.Wrong(read.Errors);
        }

        return read.Documents switch
        {
            [] => new ConfigurationDocument(file, null), // Comments only: nothing is set.
            [var only] => new ConfigurationDocument(file, only),
            [_, var second, ..] => throw CliException.Usage(
                "There is a second document (---).", "A configuration is one.", $"{file}:{second.Source.Locate(string.Empty).Line}"),
        };
    }

    /// <summary>A setting's value as one text; null where it is not set.</summary>
    public string? Text(string name) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => Refuse<string>(name, "is not a text", $"{name}: VALUE"),
    };

    /// <summary>A setting's values: a list of texts, or one text. Default where it is not set.</summary>
    public ImmutableArray<string> List(string name)
    {
        if (Value(name) is not { } value)
        {
            return default;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return Text(name) is { } one ? [one] : [];
        }

        var texts = ImmutableArray.CreateBuilder<string>();
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                texts.Add(item.ToString());
            }
            else
            {
                Add($"{name}/{index}", "is not a text", $"{name}: [VALUE, …]");
            }

            index++;
        }

        return texts.ToImmutable();
    }

    /// <summary>Refuses settings that are none of these.</summary>
    public void Know(params ReadOnlySpan<string> names)
    {
        if (_document is null)
        {
            return;
        }

        string[] known = [.. names];
        foreach (JsonProperty property in _document.Root.EnumerateObject())
        {
            if (!known.Contains(property.Name, StringComparer.Ordinal))
            {
                string? nearest = Suggestion.Nearest(property.Name, known);
                Add(property.Name, "is not a setting", nearest is null ? $"There are {string.Join(", ", known)}." : $"Did you mean '{nearest}'?");
            }
        }
    }

    /// <summary>Adds an error about a setting, at its line; or about the file, where it is not set.</summary>
    /// <param name="path">NAME, or NAME/INDEX of a list.</param>
    public void Add(string path, string problem, string? remedy)
    {
        string name = path.Split('/')[0];
        bool isSet = _document?.Root.TryGetProperty(name, out _) == true;
        string place = isSet ? $"{File}:{_document!.Source.Locate($"/{path}").Line}" : File;
        _errors.Add(new CliError(problem, $"{place}: {name}", remedy));
    }

    /// <summary>Where the item of a list is that reads so: NAME/INDEX, else NAME.</summary>
    public string Find(string name, string text)
    {
        int index = Value(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().TakeWhile(i => i.ToString() != text).Count() : int.MaxValue;
        return index < (Value(name) is { ValueKind: JsonValueKind.Array } items ? items.GetArrayLength() : 0) ? $"{name}/{index}" : name;
    }

    /// <exception cref="CliException">Errors were added.</exception>
    public void ThrowIfWrong()
    {
        if (_errors.Count > 0)
        {
            throw new CliException(ExitCodes.Usage, [.. _errors]);
        }
    }

    private JsonElement? Value(string name) =>
        _document is not null && _document.Root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private T? Refuse<T>(string name, string problem, string remedy)
        where T : class
    {
        Add(name, problem, remedy);
        return null;
    }
}
