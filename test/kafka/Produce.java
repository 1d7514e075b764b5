import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends each line of standard input: {@code Produce.java BOOTSTRAP TOPIC COMPRESSION}. */
public class Produce {
  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", arguments[0]);
    properties.put("compression.type", arguments[2]);
    properties.put("linger.ms", "20");
    properties.put("max.request.size", String.valueOf(128 * 1024 * 1024));
    properties.put("buffer.memory", String.valueOf(160 * 1024 * 1024));
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var strings = new StringSerializer();
    try (var producer = new KafkaProducer<String, String>(properties, strings, strings)) {
      var last = producer.send(new ProducerRecord<>(arguments[1], lines.readLine()));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        last = producer.send(new ProducerRecord<>(arguments[1], line));
      }
      producer.flush();
      last.get();
    }
  }
}
