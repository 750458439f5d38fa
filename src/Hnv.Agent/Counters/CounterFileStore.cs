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
            return File.Exists(_path) && JsonSerializer.Deserialize<CounterFile>(File.ReadAllBytes(_path), HnvJson.Options) is { } file && IsWhole(file) ? file : CounterFile.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            LogNotRead(log, e.Message);
            return CounterFile.Empty;
        }
    }

    public void Save(CounterFile file) => ReplacedFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(file, HnvJson.Options));

    private static bool IsWhole(CounterFile file) =>
        !file.Ports.IsDefault && !file.Left.IsDefault && file.Left.All(static l => l?.Problem() is null)
        && file.Ports.All(static p => p is { Before: not null, Taken.IsDefault: false } && !p.Before.Verdicts.IsDefault && p.Before.Port is { Length: > 0 });

    [LoggerMessage(Level = LogLevel.Warning, Message = "What ports had counted before cannot be read, and begins anew: {Problem}")]
    private static partial void LogNotRead(ILogger log, string problem);
}
