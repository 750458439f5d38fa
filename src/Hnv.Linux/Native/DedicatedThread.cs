using System.Runtime.ExceptionServices;

namespace Hnv.Linux.Native;

/// <summary>
/// Runs work on a thread of its own that ends afterwards. Affinity and namespaces belong to threads: changing them on a
/// pool thread would leak into whatever runs there next.
/// </summary>
internal static class DedicatedThread
{
    public static T Run<T>(string name, Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e); // Thrown again on the caller's thread.
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
