namespace Hnv.Cli;

/// <summary>Switches of the runtime that must be set before anything reads them.</summary>
internal static class ProcessSwitches
{
    /// <summary>
    /// A command that ends in a tenth of a second gains nothing from code made at run time (regular expressions, accessors of the
    /// serializer) and from counters nobody reads: it pays for them. What runs for long keeps both.
    /// </summary>
    public static void Set(string[] arguments)
    {
        if (arguments is not ["controller" or "agent" or "lab" or "bench", ..])
        {
            AppContext.SetSwitch("System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported", false);
            AppContext.SetSwitch("System.Diagnostics.Metrics.Meter.IsSupported", false);
        }
    }
}
