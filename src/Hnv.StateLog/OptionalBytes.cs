namespace Hnv.StateLog;

/// <summary>Values that may be absent.</summary>
internal static class OptionalBytes
{
    /// <summary>Null stays null. The implicit conversion from an array would make an empty value of it, also inside <c>?:</c>.</summary>
    public static ReadOnlyMemory<byte>? Of(byte[]? value) => value is null ? default(ReadOnlyMemory<byte>?) : new ReadOnlyMemory<byte>(value);
}
