using System.Security.Cryptography;

namespace Hnv.Lab;

/// <summary>
/// The labs of tests. A name says whose the lab is (<c>t</c>, number of the process, <c>x</c>, six digits), so that what a process left
/// that was cut off can be told from the labs of those that run.
/// </summary>
internal static class TestLabs
{
    /// <summary>A name for a lab of this process.</summary>
    public static string NewName() => $"t{Environment.ProcessId}x{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
}
