namespace Hnv.Controller;

/// <summary>The controller cannot be started; the message says why, and what would help.</summary>
public sealed class ControllerStartException(string message, Exception? innerException = null) : Exception(message, innerException);
