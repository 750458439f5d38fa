using System.Security.Cryptography;
using System.Text;

namespace Hnv.StateLog.CrashWriter;

/// <summary>Values that tell whether they are whole: anyone can make the value again from its label.</summary>
public static class CrashValue
{
    /// <summary>0 to 6000 bytes, so that some fit beside others on a page and some spill over several.</summary>
    public static byte[] Make(string label)
    {
        byte[] seed = SHA256.HashData(Encoding.UTF8.GetBytes(label));
        byte[] body = new byte[BitConverter.ToUInt16(seed) % 6000];
        new Random(BitConverter.ToInt32(seed, 4)).NextBytes(body);
        return [.. Encoding.UTF8.GetBytes(label), (byte)'\n', .. body];
    }

    /// <summary>The label of a whole value; null when a byte of it is not as it was made.</summary>
    public static string? Check(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)'\n');
        string? label = end < 0 ? null : Encoding.UTF8.GetString(value[..end]);
        return label is not null && value.SequenceEqual(Make(label)) ? label : null;
    }
}
