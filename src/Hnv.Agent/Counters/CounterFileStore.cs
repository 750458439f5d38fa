using System.Text.Json;
using Hnv.Api;
using Hnv.Linux;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Counters;

/// <summary>The book as <c>counters.json</c> in the agent's state directory; replaced as a whole.</summary>
internal sealed partial class CounterFileStore(string directory, ILogger<CounterFileStore> log) : ICounterStore
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "counters.json";

    private readonly string _path = Path.Combine(directory, FileName);

    public CounterFile Load()
    {
        try
        {
            if (!File.Exists(_path))
            {
                return CounterFile.Empty;
            }

            byte[] bytes = File.ReadAllBytes(_path);
            string? wrong = Read(bytes, out CounterFile file);
            if (wrong is not null)
            {
                // It would be written over, and somebody may want it: the version that wrote it, say.
                LogRefused(log, _path, wrong, RefusedFile.SetAside(_path));
            }

            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotRead(log, e.Message);
            return CounterFile.Empty;
        }
    }

    public void Save(CounterFile file) => ReplacedFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(file, HnvJson.Options));

    /// <summary>What is wrong with it, as the end of a sentence; null for nothing.</summary>
    private static string? Read(byte[] bytes, out CounterFile file)
    {
        file = CounterFile.Empty;
        try
        {
            // The format first: a newer one may say all else differently.
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("format", out JsonElement said)
                && !(said.ValueKind == JsonValueKind.Number && said.TryGetInt32(out int format) && format == CounterFile.KnownFormat))
            {
                return $"it has format {said}, this agent reads {CounterFile.KnownFormat}: the version that wrote it goes on with it when its name is put back";
            }

            if (document.RootElement.Deserialize<CounterFile>(HnvJson.Options) is not { } read || !IsWhole(read))
            {
                return "it does not say what such a file says";
            }

            file = read;
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter of a name that is no text, a lone surrogate.
            return $"it does not say what such a file says: {e.Message}";
        }
    }

    private static bool IsWhole(CounterFile file) =>
        !file.Ports.IsDefault && !file.Left.IsDefault && file.Left.All(static l => l is not null && l.Problem() is null)
        && file.Ports.All(static p => p is { Before: not null, Taken.IsDefault: false } && (p.Before with { Id = "-" }).Problem() is null); // Only what left has an identifier.

    [LoggerMessage(Level = LogLevel.Warning, Message = "What ports had counted before cannot be read, and begins anew: {Problem}")]
    private static partial void LogNotRead(ILogger log, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What ports had counted before begins anew, and {Path} is kept as {Aside}: {Problem}")]
    private static partial void LogRefused(ILogger log, string path, string problem, string aside);
}
