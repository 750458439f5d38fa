using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Manifests;

namespace Hnv.Cli.Input;

/// <summary>Reads what <c>-f</c> names: files, directories of *.yaml, *.yml and *.json, and - for standard input.</summary>
internal static class ManifestFiles
{
    private const string StandardInput = "(standard input)";

    private const string Expected = "A manifest, a directory of *.yaml files, or - for standard input.";

    private const string Split = "Write the objects into several files; -f may be given several times.";

    private static readonly string[] s_patterns = ["*.yaml", "*.yml", "*.json"];

    /// <summary>All documents of all files, in their order.</summary>
    /// <exception cref="CliException">A file cannot be read, or has errors of form or of a kind the controller does not know; all of them.</exception>
    public static ImmutableArray<ManifestDocument> Read(CommandContext context, IEnumerable<string> names)
    {
        var documents = ImmutableArray.CreateBuilder<ManifestDocument>();
        var errors = ImmutableArray.CreateBuilder<ManifestError>();
        foreach ((string name, byte[] content) in Contents(context, names))
        {
            ManifestReadResult result = ManifestReader.Read(content, name);
            documents.AddRange(result.Documents);
            errors.AddRange(result.Errors);
        }

        ImmutableArray<ManifestDocument> all = documents.ToImmutable();
        errors.AddRange(context.Tenant is { } tenant ? ManifestBinding.Read(all, tenant).Errors : ManifestBinding.Read(all).Errors);
        return errors.Count == 0 ? all : throw Wrong(errors);
    }

    /// <summary>Runs a request that sends documents; what the controller finds wrong is said with file and line.</summary>
    public static async Task<T> SendAsync<T>(ImmutableArray<ManifestDocument> documents, Func<Task<T>> request)
    {
        try
        {
            return await request();
        }
        catch (HnvApiException e) when (!e.Findings.IsEmpty)
        {
            // A conflict (still in use) is the answer "no"; the files are right.
            throw Wrong(ManifestBinding.Locate(e.Findings, documents), e.Status is HttpStatusCode.Conflict ? ExitCodes.Failed : ExitCodes.Usage);
        }
    }

    /// <summary>Errors of files as the command line says them.</summary>
    public static CliException Wrong(IEnumerable<ManifestError> errors, int exitCode = ExitCodes.Usage) =>
        new(exitCode, [.. errors.Select(e => new CliError(e with { File = null, Line = null, Column = null, Remedy = null } is var bare ? bare.ToString() : string.Empty, Where(e), e.Remedy))]);

    private static string? Where(ManifestError e) => e switch
    {
        { File: null } => null,
        { Line: null } => e.File,
        { Column: null } => $"{e.File}:{e.Line}",
        _ => $"{e.File}:{e.Line}:{e.Column}",
    };

    private static IEnumerable<(string Name, byte[] Content)> Contents(CommandContext context, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (name == "-")
            {
                using Stream input = context.Environment.InputBytes();
                yield return (StandardInput, InputFile.Read(input, ManifestReader.MaxBytes, StandardInput, Split, Expected));
            }
            else if (Directory.Exists(name))
            {
                string[] files = [.. s_patterns.SelectMany(p => Directory.GetFiles(name, p)).Order(StringComparer.Ordinal)];
                if (files.Length == 0)
                {
                    throw CliException.Usage($"The directory has no {string.Join(", ", s_patterns)}.", "Name a file, or a directory of manifests.", name);
                }

                foreach (string file in files)
                {
                    yield return (file, ReadFile(file));
                }
            }
            else
            {
                yield return (name, ReadFile(name));
            }
        }
    }

    private static byte[] ReadFile(string path) =>
        InputFile.Read(path, ManifestReader.MaxBytes, Expected, Split);
}
