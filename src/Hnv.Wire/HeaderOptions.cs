namespace Hnv.Wire;

/// <summary>Options of IPv4 and TCP: both headers count their length in words, of which ten are left for options.</summary>
internal static class HeaderOptions
{
    /// <exception cref="ArgumentException">The options are not what the header says, or could not be said in a header.</exception>
    public static void Require(ReadOnlySpan<byte> options, int length)
    {
        if (options.Length != length || length % 4 != 0 || length > 40)
        {
            throw new ArgumentException($"{options.Length} bytes of options do not fit a header that says {length}; they are a multiple of 4, up to 40.", nameof(options));
        }
    }
}
