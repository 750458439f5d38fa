namespace Hnv.Cli.Output;

/// <summary>Spans of time as people say them: 12s, 3m, 5h, 2d.</summary>
internal static class Ages
{
    public static string Of(TimeSpan span) => span switch
    {
        { TotalSeconds: < 100 } => $"{(int)span.TotalSeconds}s",
        { TotalMinutes: < 100 } => $"{(int)span.TotalMinutes}m",
        { TotalHours: < 48 } => $"{(int)span.TotalHours}h",
        _ => $"{(int)span.TotalDays}d",
    };
}
